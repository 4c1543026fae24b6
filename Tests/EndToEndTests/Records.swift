import Foundation
import NIOHTTP1
import Testing

/// The registry, as a client of the HTTP interface uses it.
struct Records: Sendable {
  let client: Client

  init(_ cluster: TestCluster, node: String = "eu-1") {
    client = Client(url: cluster.url(node), token: cluster.token)
  }

  /// Sends a request whose answer must have this status, and gives the JSON of it.
  @discardableResult
  func call(
    _ method: HTTPMethod, _ path: String, _ body: [String: Any]? = nil, status: Int = 200,
    headers: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [String: Any] {
    let data = try body.map { try JSONSerialization.data(withJSONObject: $0) }
    let answer = try await client.send(method, path, body: data, headers: headers)
    let text = String(decoding: answer.body, as: UTF8.self)
    try #require(
      answer.status == status, "\(method) \(path): \(answer.status) \(text.prefix(500))",
      sourceLocation: sourceLocation)
    return try answer.json()
  }

  func createJob(_ name: String) async throws -> String {
    try text(await call(.POST, "/api/jobs", ["name": name], status: 201), "job_serial")
  }

  /// Targets in the order of their names.
  func createTargets(_ names: [String]) async throws -> [String] {
    let answer = try await call(
      .POST, "/api/targets/bulk",
      ["targets": names.map { ["name": $0, "os_type": "linux"] }], status: 201)
    return try rows(answer, "targets").map { try text($0, "target_serial") }
  }

  /// The serial of a new execution of these targets.
  func execute(_ job: String, on targets: [String]) async throws -> String {
    try text(
      await call(.POST, "/api/jobs/\(job)/execute", ["target_serials": targets], status: 201),
      "execution_serial")
  }
}

func text(_ row: [String: Any], _ key: String) throws -> String {
  try #require(row[key] as? String, "\(key) of \(row)")
}

func number(_ row: [String: Any], _ key: String) throws -> Double {
  try #require(row[key] as? NSNumber, "\(key) of \(row)").doubleValue
}

func row(_ row: [String: Any], _ key: String) throws -> [String: Any] {
  try #require(row[key] as? [String: Any], "\(key) of \(row)")
}

func rows(_ row: [String: Any], _ key: String) throws -> [[String: Any]] {
  try #require(row[key] as? [[String: Any]], "\(key) of \(row)")
}
