public import Logging
internal import Synchronization

/// A few connections to the same server, made when they are wanted, replaced when they break.
///
/// Somebody must run `run()`: it owns the attempts to connect. While the server is known to be
/// unreachable, `withConnection` fails at once with the last attempt's error, and attempts go on
/// in the background.
public final class ConnectionPool: Sendable {
  /// What may be chosen about a pool.
  public struct Configuration: Sendable, Equatable {
    /// The most connections, 1...64.
    public let size: Int
    /// How many may wait for one, at least 0.
    public let waitersLimit: Int
    /// Between failed attempts to connect.
    public let backoff: Backoff

    /// Makes a configuration.
    public init(size: Int = 4, waitersLimit: Int = 256, backoff: Backoff = Backoff()) {
      precondition((1...64).contains(size) && waitersLimit >= 0)
      self.size = size
      self.waitersLimit = waitersLimit
      self.backoff = backoff
    }
  }

  /// What the pool knows of the server.
  public enum State: Sendable, Equatable {
    /// Nobody has asked for a connection yet.
    case starting
    /// The last attempt succeeded, or connections are still there.
    case up
    /// No connection is left, and the last attempt failed like this.
    case down(LibPQError)
    /// Shut down.
    case closed
  }

  struct Shared {
    var machine: PoolStateMachine
    var connections: [PoolStateMachine.ConnectionID: Connection] = [:]
    var waiters: [PoolStateMachine.WaiterID: CheckedContinuation<Lease, Never>] = [:]
    var lastWaiter = 0
    /// Attempts that `run()` was told of and has not begun.
    var unstarted: Set<PoolStateMachine.ConnectionID> = []
    var isDrained = false
    var drainWaiter: CheckedContinuation<Void, Never>?
  }

  typealias Lease = Result<Leased, LibPQError>
  struct Leased: Sendable {
    let id: PoolStateMachine.ConnectionID
    let connection: Connection
  }

  /// What `run()` does for the state machine.
  enum Work: Sendable {
    case connect(PoolStateMachine.ConnectionID)
    case retry(attempt: Int)
  }

  let options: ConnectionOptions
  let limits: SessionLimits
  let configuration: Configuration
  let logger: Logger
  let shared: Mutex<Shared>
  let work: AsyncStream<Work>
  let workEntry: AsyncStream<Work>.Continuation
  let stateEntry: AsyncStream<State>.Continuation

  /// Changes of `state`, the newest 16 if nobody takes them. For one consumer.
  public let stateChanges: AsyncStream<State>

  /// Makes a pool, which connects to nothing yet.
  public init(
    options: ConnectionOptions, limits: SessionLimits = .standard,
    configuration: Configuration = Configuration(), logger: Logger
  ) {
    self.options = options
    self.limits = limits
    self.configuration = configuration
    self.logger = logger
    shared = Mutex(
      Shared(
        machine: PoolStateMachine(
          size: configuration.size, waitersLimit: configuration.waitersLimit)))
    (work, workEntry) = AsyncStream.makeStream()
    (stateChanges, stateEntry) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
  }

  /// What the pool knows of the server now.
  public var state: State { shared.withLock { $0.machine.state } }

  /// How many wait for a connection now.
  public var waitersCount: Int { shared.withLock { $0.waiters.count } }

  /// Owns the attempts to connect, until its task is cancelled. Then everybody who waits gets
  /// `poolClosed`, idle connections are closed, and it returns when those in use have come back;
  /// their deadlines bound that. To be called once.
  public func run() async {
    await withTaskCancellationHandler {
      await withDiscardingTaskGroup { group in
        for await item in work {
          group.addTask { await self.start(item) }
        }
        group.cancelAll()
      }
    } onCancel: {
      perform { $0.shutDown() }
    }
    abandonUnstarted()
    // Not one of the waits that a cancellation ends: connections in use have to come back.
    await withCheckedContinuation { continuation in
      let isDrained = shared.withLock { shared in
        if !shared.isDrained { shared.drainWaiter = continuation }
        return shared.isDrained
      }
      if isDrained { continuation.resume() }
    }
  }

  /// Lends a connection to `body`, for its duration only.
  ///
  /// - Parameters:
  ///   - deadline: for getting a connection; what `body` does has its own deadlines.
  ///
  /// Throws what `body` throws. Without a connection: the last attempt's error while the server
  /// is unreachable, `poolTimeout` at the deadline, `poolClosed`, or `cancelled` when the task
  /// was cancelled before it got one. A connection that comes back closed or in a transaction is
  /// replaced.
  public func withConnection<Value>(
    deadline: ContinuousClock.Instant, isolation: isolated (any Actor)? = #isolation,
    _ body: (Connection) async throws -> Value
  ) async throws -> Value {
    let lease = try await acquire(deadline: deadline).get()
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(lease.connection))
    } catch {
      result = .failure(error)
    }
    let isUsable = lease.connection.signals.health == .ready
    // Closed before the pool counts it as gone, so that there are never more than its size.
    if !isUsable { await lease.connection.close() }
    perform { $0.released(lease.id, isUsable: isUsable) }
    return try result.get()
  }

  /// Executes one statement on any connection. Goes on to another connection only when it is
  /// proved that nothing was sent because the one it had was lost while idle.
  ///
  /// - Parameter isInTime: asked with each connection that it gets, before it sends anything over it.
  ///
  /// Throws what `Connection.execute` and `withConnection` throw; `tooLate` when `isInTime` says no.
  public func execute(
    _ statement: Statement, _ parameters: [Parameter] = [], deadline: ContinuousClock.Instant,
    while isInTime: @escaping @Sendable () -> Bool = { true }
  ) async throws(LibPQError) -> StatementResult {
    // After a restart of the server every idle connection is dead; one more attempt is fresh.
    var attemptsLeft = configuration.size + 1
    while true {
      attemptsLeft -= 1
      do {
        return try await withConnection(deadline: deadline) { connection in
          guard isInTime() else {
            throw LibPQError(
              .tooLate, "it was too late to send the statement", statement: statement.name)
          }
          do throws(LibPQError) {
            return try await connection.execute(statement, parameters, deadline: deadline)
          } catch {
            guard connection.isClosed, error.outcome == .notSent else { throw error }
            throw LostWhileIdle(error: error)
          }
        }
      } catch let error as LibPQError {
        throw error
      } catch let lost as LostWhileIdle {
        guard attemptsLeft > 0, .now < deadline else { throw lost.error }
      } catch {
        preconditionFailure("nothing else is thrown above: \(error)")
      }
    }
  }

  private struct LostWhileIdle: Error { let error: LibPQError }
}
