import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks the nodes, one after the other until one is reached.
struct ClusterClient {
  private static let largestAnswerBytes = 16 * 1024 * 1024

  let environment: ClusterEnvironment
  let http: HTTPClient

  /// Runs a body with a client that is shut down after it.
  static func run<Value>(_ body: (ClusterClient) async throws -> Value) async throws -> Value {
    let environment = try ClusterEnvironment.find()
    var configuration = HTTPClient.Configuration()
    configuration.timeout = .init(connect: .seconds(3), read: .seconds(30))
    if let authority = environment.authority {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(authority)
      configuration.tlsConfiguration = tls
    }
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(ClusterClient(environment: environment, http: http)))
    } catch {
      result = .failure(error)
    }
    try await http.shutdown()
    return try result.get()
  }

  func get(_ path: String) async throws -> Data { try await ask(Call(.GET, path)) }

  func post(_ path: String, _ body: some Encodable) async throws -> Data {
    try await ask(Call(.POST, path, body: try encode(body)))
  }

  func put(_ path: String, _ body: some Encodable) async throws -> Data {
    try await ask(Call(.PUT, path, body: try encode(body)))
  }

  func delete(_ path: String) async throws -> Data { try await ask(Call(.DELETE, path)) }

  /// One request, whichever node answers it.
  struct Call {
    let method: HTTPMethod
    let path: String
    let body: Data?
    /// Makes a request that changes something repeatable.
    let idempotencyKey: String?

    init(_ method: HTTPMethod, _ path: String, body: Data? = nil, idempotencyKey: String? = nil) {
      self.method = method
      self.path = path
      self.body = body
      self.idempotencyKey = idempotencyKey
    }

    var isRepeatable: Bool { method == .GET || idempotencyKey != nil }
  }

  /// Codes of nodes that did nothing; another one may.
  private static let passedOn = ["draining", "superseded", "coordinator-unavailable"]

  /// A request that was sent goes to the next node only when the first one says that it did nothing,
  /// or when doing it twice does nothing: otherwise it may have been carried out.
  func ask(_ call: Call) async throws -> Data {
    var unreached: [String] = []
    var refusal: ControlFailure?
    for url in environment.urls {
      do {
        let response = try await http.execute(request(call, to: url), timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: Self.largestAnswerBytes)
        return try answer(Data(buffer: bytes), status: Int(response.status.code))
      } catch let error as ControlFailure {
        let goesOn =
          Self.passedOn.contains(error.code ?? "")
          || call.isRepeatable && error.status == .outcomeUnknown
        guard goesOn else { throw error }
        // What may have been done weighs more than what was not.
        if refusal?.status != .outcomeUnknown { refusal = error }
      } catch  where wasNotSent(error) {
        unreached.append("\(url): \(error)")
      } catch {
        let what = "\(url) did not answer: \(error)"
        let failure = ControlFailure(
          .outcomeUnknown, what + ". The request may have been carried out.")
        guard call.isRepeatable else { throw failure }
        if call.method == .GET { unreached.append(what) } else { refusal = failure }
      }
    }
    if let refusal { throw refusal }
    throw ControlFailure(
      .unavailable, "no node could be reached\n  " + unreached.joined(separator: "\n  "))
  }

  private func request(_ call: Call, to url: String) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url + call.path)
    request.method = call.method
    if let token = environment.token {
      request.headers.add(name: "Authorization", value: "Bearer \(token)")
    }
    if let key = call.idempotencyKey {
      request.headers.add(name: "Idempotency-Key", value: key)
    }
    if let body = call.body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(data: body))
    }
    return request
  }

  private func wasNotSent(_ error: any Error) -> Bool {
    if error is NIOConnectionError || error is NIOSSLError { return true }
    if let failure = error as? IOError {
      return [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(failure.errnoCode)
    }
    let known: [HTTPClientError] = [
      .connectTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost,
      .unsupportedScheme(""),
    ]
    return (error as? HTTPClientError).map { known.contains($0) } ?? false
  }

  private func answer(_ data: Data, status: Int) throws -> Data {
    if (200..<300).contains(status) { return data }
    struct Problem: Decodable {
      let code: String
      let detail: String
    }
    guard let problem = try? JSONDecoder().decode(Problem.self, from: data) else {
      throw ControlFailure(.refused, "the node answered status \(status)")
    }
    let kind: ControlFailure.Status =
      problem.code == "outcome-unknown" ? .outcomeUnknown : status >= 500 ? .unavailable : .refused
    throw ControlFailure(kind, "\(problem.detail) (\(problem.code))", code: problem.code)
  }
}
