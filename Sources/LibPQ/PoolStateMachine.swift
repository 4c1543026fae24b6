/// The pool's mind: which connections there are, who waits, whether the server is reachable.
///
/// Pure. Each event is a mutating function that returns what is to be done, in order. Connections
/// and waiters are numbers; who hands them in owns what they stand for.
struct PoolStateMachine {
  typealias ConnectionID = Int
  typealias WaiterID = Int

  enum Action: Equatable {
    /// The waiter gets the connection.
    case lease(ConnectionID, to: WaiterID)
    /// The waiter gets the error.
    case fail(WaiterID, LibPQError)
    /// Begin an attempt; answer with `connected` or `connectFailed`.
    case connect(ConnectionID)
    /// Call `retryIsDue` after the backoff of this attempt.
    case scheduleRetry(attempt: Int)
    /// Close the connection, which the pool has forgotten.
    case close(ConnectionID)
    /// Tell who watches.
    case report(ConnectionPool.State)
    /// After `shutDown`: nothing is out any more.
    case drained
  }

  private enum Phase: Equatable {
    /// Goes to `shuttingDown`.
    case running
    /// Waits for what is out; goes to `drained`.
    case shuttingDown
    /// Stays.
    case drained
  }

  let size: Int
  let waitersLimit: Int
  private var phase = Phase.running
  private(set) var state = ConnectionPool.State.starting
  private var idle: [ConnectionID] = []
  private var leased: Set<ConnectionID> = []
  private var connecting: Set<ConnectionID> = []
  private var waiters: [WaiterID] = []
  /// Set from a failed attempt until one succeeds.
  private var lastFailure: LibPQError?
  private var failedAttempts = 0
  private var isRetryScheduled = false
  private var lastConnectionID = 0

  init(size: Int, waitersLimit: Int) {
    precondition(size >= 1 && waitersLimit >= 0)
    self.size = size
    self.waitersLimit = waitersLimit
  }

  static let shutDownError = LibPQError(.poolClosed, "the pool is shut down")

  /// Someone wants a connection. While the server is known to be unreachable the answer is the
  /// last error, at once.
  mutating func acquire(_ waiter: WaiterID) -> [Action] {
    guard phase == .running else { return [.fail(waiter, Self.shutDownError)] }
    if let connection = idle.popLast() {
      leased.insert(connection)
      return [.lease(connection, to: waiter)]
    }
    if case .down(let error) = state { return [.fail(waiter, error)] }
    guard waiters.count < waitersLimit else {
      return [.fail(waiter, LibPQError(.poolClosed, "\(waitersLimit) others wait already"))]
    }
    waiters.append(waiter)
    return connectIfWanted()
  }

  /// A waiter's deadline passed, or its task was cancelled. Nothing when it has its answer.
  mutating func giveUp(_ waiter: WaiterID, _ error: LibPQError) -> [Action] {
    guard let position = waiters.firstIndex(of: waiter) else { return [] }
    waiters.remove(at: position)
    return [.fail(waiter, error)]
  }

  mutating func connected(_ connection: ConnectionID) -> [Action] {
    precondition(connecting.remove(connection) != nil, "\(connection) was not connecting")
    guard phase == .running else { return [.close(connection)] + drainedIfEmpty() }
    lastFailure = nil
    failedAttempts = 0
    return report(.up) + handOut(connection) + connectIfWanted()
  }

  mutating func connectFailed(_ connection: ConnectionID, _ error: LibPQError) -> [Action] {
    precondition(connecting.remove(connection) != nil, "\(connection) was not connecting")
    guard phase == .running else { return drainedIfEmpty() }
    lastFailure = error
    var actions = downIfAlone()
    if !isRetryScheduled {
      isRetryScheduled = true
      failedAttempts += 1
      actions.append(.scheduleRetry(attempt: failedAttempts))
    }
    return actions
  }

  mutating func retryIsDue() -> [Action] {
    isRetryScheduled = false
    guard phase == .running, lastFailure != nil, connecting.isEmpty,
      idle.count + leased.count < size
    else { return [] }
    return [beginConnecting()]
  }

  /// A leased connection comes back; `isUsable` says whether it may be handed out again.
  mutating func released(_ connection: ConnectionID, isUsable: Bool) -> [Action] {
    precondition(leased.remove(connection) != nil, "\(connection) was not leased")
    guard phase == .running else { return [.close(connection)] + drainedIfEmpty() }
    if isUsable { return handOut(connection) }
    return [.close(connection)] + downIfAlone() + lookForServer()
  }

  mutating func shutDown() -> [Action] {
    guard phase == .running else { return [] }
    phase = .shuttingDown
    let actions =
      waiters.map { Action.fail($0, Self.shutDownError) } + idle.map { .close($0) }
    waiters = []
    idle = []
    return actions + report(.closed) + drainedIfEmpty()
  }

  private mutating func handOut(_ connection: ConnectionID) -> [Action] {
    guard !waiters.isEmpty else {
      idle.append(connection)
      return []
    }
    leased.insert(connection)
    return [.lease(connection, to: waiters.removeFirst())]
  }

  /// One attempt for each waiter that no attempt under way will serve, within the size. After a
  /// failure the scheduled retry is the only attempt.
  private mutating func connectIfWanted() -> [Action] {
    guard lastFailure == nil else { return [] }
    var actions: [Action] = []
    while connecting.count < waiters.count,
      idle.count + leased.count + connecting.count < size
    {
      actions.append(beginConnecting())
    }
    return actions
  }

  /// A connection broke: if no other is left, find out at once whether the server is there.
  private mutating func lookForServer() -> [Action] {
    let actions = connectIfWanted()
    guard actions.isEmpty, lastFailure == nil, idle.isEmpty, leased.isEmpty, connecting.isEmpty
    else { return actions }
    return [beginConnecting()]
  }

  private mutating func beginConnecting() -> Action {
    lastConnectionID += 1
    connecting.insert(lastConnectionID)
    return .connect(lastConnectionID)
  }

  /// With no connection left and the last attempt failed, the server is unreachable as far as
  /// anyone here knows: everybody who waits is told now.
  private mutating func downIfAlone() -> [Action] {
    guard let error = lastFailure, idle.isEmpty, leased.isEmpty else { return [] }
    defer { waiters = [] }
    return report(.down(error)) + waiters.map { .fail($0, error) }
  }

  private mutating func report(_ new: ConnectionPool.State) -> [Action] {
    guard new != state else { return [] }
    state = new
    return [.report(new)]
  }

  private mutating func drainedIfEmpty() -> [Action] {
    guard phase == .shuttingDown, leased.isEmpty, connecting.isEmpty else { return [] }
    phase = .drained
    return [.drained]
  }
}
