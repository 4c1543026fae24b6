import AsyncHTTPClient
import Foundation
import LibPQ
import LocalCluster
import Logging
import NIOCore
import NIOHTTP1
import SerialAuth

/// A private PostgreSQL and one node beside this program, in release, ended with it.
struct BenchCluster: Sendable {
  static let secret = "local-benchmark-secret-of-more-than-32-bytes"

  let postgres: EphemeralPostgres
  let node: NodeProcess
  let port: FreePort
  let token: String

  var url: String { "http://127.0.0.1:\(port.number)" }

  /// Starts the server and applies the schema; the node is started by `startNode`.
  static func make() async throws -> BenchCluster {
    let postgres = try await EphemeralPostgres.start(settings: [
      "shared_buffers": "2GB", "maintenance_work_mem": "1GB", "max_wal_size": "8GB",
      "effective_cache_size": "8GB",
    ])
    _ = try await postgres.sql("CREATE DATABASE serial")
    let admin = try postgres.uri(role: "postgres", database: "serial").description
    try await seriald(["migrate"], database: admin)
    try await seriald(["enroll", "eu-1", "--region", "eu"], database: admin)
    let port = try FreePort()
    var configuration = NodeConfiguration(
      name: "eu-1", executable: program("seriald"), port: port.number,
      environment: [
        "SERIAL_NODE_NAME": "eu-1", "SERIAL_NODE_REGION": "eu",
        "SERIAL_API_PORT": String(port.number), "SERIAL_AUTH_HS256_SECRET": secret,
        "SERIAL_DATABASE_URL": try postgres.uri(role: "eu-1", database: "serial").description,
        "SERIAL_DURABILITY": "single", "SERIAL_LOG_LEVEL": "warning",
      ], logFile: postgres.folder + "/eu-1.log")
    configuration.endsWithUs = true
    let token = try await TokenMinter(secret: TokenSecret(secret)).mint(
      subject: "benchmark", scopes: Set(Scope.allCases), audience: "seriald",
      lifetimeSeconds: 86_400)
    return BenchCluster(
      postgres: postgres, node: NodeProcess(configuration: configuration), port: port,
      token: token)
  }

  func startNode() async throws {
    try await node.start()
    try await node.waitUntilReady()
  }

  func end() async throws {
    try await node.kill()
    try await postgres.remove()
  }

  /// Runs SQL as the superuser.
  @discardableResult
  func sql(_ text: String, minutes: Int = 30) async throws -> String {
    try await postgres.server.programs.sql(
      text, at: try postgres.uri(role: "postgres", database: "serial"),
      limit: .seconds(60 * minutes))
  }

  /// A connection as the node's role: what a query costs without the node.
  func connect() async throws -> Connection {
    let uri = try postgres.uri(role: "eu-1", database: "serial").description
    return try await Connection.connect(
      try ConnectionOptions(parsing: uri),
      logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
  }

  /// The body of an answer 200.
  func get(_ path: String) async throws -> ByteBuffer {
    var request = HTTPClientRequest(url: url + path)
    request.headers.add(name: "Authorization", value: "Bearer \(token)")
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let body = try await response.body.collect(upTo: 64 << 20)
    guard response.status == .ok else {
      throw BenchFailure(
        "\(path): \(response.status.code) \(String(buffer: body).prefix(500))")
    }
    return body
  }

  private static func program(_ name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
  }

  private static func seriald(_ arguments: [String], database: String) async throws {
    let process = Process()
    process.executableURL = URL(filePath: program("seriald"))
    process.arguments = arguments
    process.environment = ["SERIAL_DATABASE_URL": database]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { ended in
        if ended.terminationStatus == 0 {
          continuation.resume()
        } else {
          continuation.resume(
            throwing: BenchFailure("seriald \(arguments[0]) ended with \(ended.terminationStatus)"))
        }
      }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
  }
}

struct BenchFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
