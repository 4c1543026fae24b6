import AsyncHTTPClient
public import Logging
import NIOCore
import NIOSSL
import Synchronization

/// Speaks to a cluster of serial allocators: whichever node answers.
///
/// A call goes to the first node, and to the next ones when that cannot serve it, until its deadline.
/// Creating calls carry an idempotency key, so that what is sent again is carried out once. See
/// docs/client.md for what that promises.
public final class SerialClient: Sendable {
  /// Gives the token of a request; it is asked for each attempt, so that it may be renewed.
  public typealias TokenSource = @Sendable () async throws -> String

  let configuration: ClientConfiguration
  let token: TokenSource?
  let logger: Logger
  let surroundings: Surroundings
  let transport: HTTPTransport
  let health: Mutex<NodeHealth>

  /// Opens no connection yet. `shutdown()` must be called in the end; `run` does so by itself.
  ///
  /// Throws `invalidRequest` when the configuration names no node or something that is no address,
  /// or a file of authorities that cannot be read.
  public convenience init(
    _ configuration: ClientConfiguration, token: TokenSource?,
    logger: Logger = Logger(label: "serial-client") { _ in SwiftLogNoOpLogHandler() }
  ) throws(SerialClientError) {
    try self.init(configuration, token: token, logger: logger, surroundings: .system)
  }

  init(
    _ configuration: ClientConfiguration, token: TokenSource?, logger: Logger,
    surroundings: Surroundings
  ) throws(SerialClientError) {
    self.configuration = configuration
    self.token = token
    self.logger = logger
    self.surroundings = surroundings
    transport = try HTTPTransport(configuration)
    health = Mutex(NodeHealth(nodeCount: configuration.nodes.count))
  }

  /// Ends all connections. Calls that are under way fail.
  public func shutdown() async throws { try await transport.shutdown() }

  /// Runs a body with a client that is shut down after it, however it ends.
  public static func run<Value>(
    _ configuration: ClientConfiguration, token: TokenSource?,
    logger: Logger = Logger(label: "serial-client") { _ in SwiftLogNoOpLogHandler() },
    _ body: (SerialClient) async throws -> Value
  ) async throws -> Value {
    let client = try SerialClient(configuration, token: token, logger: logger)
    let result: Result<Value, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    try await client.shutdown()
    return try result.get()
  }
}
