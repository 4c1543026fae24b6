import Foundation
import SerialClient

/// Asks the cluster: `SerialClient` chooses the node and repeats what may be repeated; this gives its
/// answers as they came, and its errors as exit statuses.
struct ClusterClient {
  private let client: SerialClient

  /// A person waits: each node gets a second chance, and then the command says what it knows.
  private static let retry = RetryPolicy(attemptTimeout: .seconds(30), attemptsPerNode: 2)

  /// Runs a body with a client that is shut down after it.
  static func run<Value>(_ body: (ClusterClient) async throws -> Value) async throws -> Value {
    let environment = try ClusterEnvironment.find()
    let configuration = ClientConfiguration(
      nodes: environment.urls, certificateAuthorityFile: environment.authority,
      deadline: .seconds(60), retry: retry)
    var source: SerialClient.TokenSource?
    if let token = environment.token { source = { token } }
    do {
      return try await SerialClient.run(configuration, token: source) { client in
        try await body(ClusterClient(client: client))
      }
    } catch let error as SerialClientError {
      throw ControlFailure(error)
    }
  }

  func get(_ path: String) async throws -> Data {
    try await ask(ClientCall(.get, path, effect: .read))
  }

  func post(_ path: String, _ body: some Encodable) async throws -> Data {
    try await ask(ClientCall(.post, path, body: try encode(body), effect: .once))
  }

  func put(_ path: String, _ body: some Encodable) async throws -> Data {
    try await ask(ClientCall(.put, path, body: try encode(body), effect: .once))
  }

  func delete(_ path: String) async throws -> Data {
    try await ask(ClientCall(.delete, path, effect: .once))
  }

  /// With a key of the caller's, or one that is made when the call needs one.
  func ask(_ call: ClientCall, key: String? = nil) async throws -> Data {
    do {
      return try await client.data(call, CallOptions(idempotencyKey: key))
    } catch {
      throw ControlFailure(error)
    }
  }
}

extension ControlFailure {
  init(_ error: SerialClientError) {
    var text = error.description
    if error.code == .outcomeUnknown, let key = error.idempotencyKey {
      text += "\n  Repeat it with --key \(key): what was done is not done twice."
    }
    self.init(Self.status(of: error), text, code: error.problem?.code)
  }

  private static func status(of error: SerialClientError) -> Status {
    switch error.code {
    case .outcomeUnknown: return .outcomeUnknown
    case .unreachable, .noAnswer, .unreadableAnswer: return .unavailable
    case .answerTooLarge, .noToken, .cancelled: return .refused
    case .invalidSerial, .invalidRequest, .unauthenticated, .forbidden, .notFound,
      .capacityExhausted, .frozen, .reserveOnly, .immutableRecord, .invalidTransition,
      .idempotencyKeyReused, .quotaExceeded, .coordinatorUnavailable, .recalling, .draining,
      .superseded, .internalError, .refused:
      return (error.status ?? 400) >= 500 ? .unavailable : .refused
    }
  }
}
