import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import PrometheusText
import SerialAuth
import Testing

@testable import SerialAPI

/// A node's interface over fakes, and tokens for it.
struct World {
  static let audience = "seriald"

  let issuing = FakeIssuing()
  let cluster = FakeCluster()
  let operating = FakeOperating()
  let records = FakeRecords()
  let writing = FakeWriting()
  let registry = Registry(catalogue: MetricsCatalogue.node)
  let lines = LogLines()
  let minter: TokenMinter
  let dependencies: APIDependencies
  var limits = APIConfiguration.Limits()

  init() async throws {
    let secret = try TokenSecret("a secret of tests, long enough: 0123456789")
    minter = TokenMinter(secret: secret)
    let lines = lines
    dependencies = APIDependencies(
      node: "eu-1", issuing: issuing, cluster: cluster, operating: operating,
      records: records, writing: writing,
      verifier: try await .withSecret(secret, rules: TokenRules(audience: Self.audience)),
      registry: registry, logger: Logger(label: "test") { _ in LogRecorder(lines: lines) },
      now: { FakeCluster.noon })
  }

  /// The same with other limits.
  func limited(_ change: (inout APIConfiguration.Limits) -> Void) -> World {
    var world = self
    change(&world.limits)
    return world
  }

  func token(_ scopes: Scope..., subject: String = "tests") async throws -> String {
    try await minter.mint(
      subject: subject, scopes: Set(scopes), audience: Self.audience, lifetimeSeconds: 3600)
  }

  func token(scopes: Set<Scope>) async throws -> String {
    try await minter.mint(
      subject: "tests", scopes: scopes, audience: Self.audience, lifetimeSeconds: 3600)
  }

  /// Runs `test` against the router, without a network.
  func routed<Value>(
    _ test: @Sendable (any TestClientProtocol) async throws -> Value
  ) async throws -> Value {
    try await Application(
      router: SerialAPI.makeRouter(dependencies, limits: limits), logger: dependencies.logger
    ).test(.router, test)
  }

  /// Runs `test` against a server on a port of its own.
  func served<Value>(
    tls: APIConfiguration.TLSFiles? = nil,
    _ test: @Sendable (_ port: Int) async throws -> Value
  ) async throws -> Value {
    let configuration = APIConfiguration(host: "127.0.0.1", port: 0, tls: tls, limits: limits)
    return try await SerialAPI.makeApplication(dependencies, configuration: configuration)
      .test(.live) { client in try await test(client.port ?? 0) }
  }
}

extension JSONValue {
  /// A member of an object.
  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// An entry of a list.
  subscript(index: Int) -> JSONValue? {
    guard case .array(let values) = self, values.indices.contains(index) else { return nil }
    return values[index]
  }

  var names: [String] {
    guard case .object(let members) = self else { return [] }
    return members.map(\.name)
  }
}

/// An answer with its JSON read.
struct Answer {
  let status: HTTPResponse.Status
  let headers: HTTPFields
  let text: String
  let json: JSONValue?

  init(_ response: TestResponse) {
    status = response.status
    headers = response.headers
    text = String(buffer: response.body)
    json = try? JSONParser.parse(Array(response.body.readableBytesView))
  }

  subscript(name: String) -> JSONValue? {
    guard case .object(let members) = json else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// The code of a problem, after its form was checked.
  func problemCode(_ location: SourceLocation = #_sourceLocation) -> String? {
    #expect(headers[.contentType] == "application/problem+json", sourceLocation: location)
    #expect(self["status"] == .number("\(status.code)"), sourceLocation: location)
    for name in ["type", "title", "detail"] {
      guard case .string(let text) = self[name], !text.isEmpty else {
        Issue.record("no \(name) in \(text)", sourceLocation: location)
        continue
      }
    }
    guard case .string(let code) = self["code"] else { return nil }
    #expect(self["type"] == .string("urn:seriald:problem:\(code)"), sourceLocation: location)
    #expect(ProblemCode(rawValue: code) != nil, sourceLocation: location)
    return code
  }

  var detail: String? {
    guard case .string(let text) = self["detail"] else { return nil }
    return text
  }
}

extension TestClientProtocol {
  func send(
    _ method: HTTPRequest.Method, _ path: String, token: String? = nil, body: String? = nil,
    headers: HTTPFields = [:]
  ) async throws -> Answer {
    var headers = headers
    if let token { headers[.authorization] = "Bearer \(token)" }
    return Answer(
      try await executeRequest(
        uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }))
  }
}
