internal import Synchronization

/// What others may tell a connection, and ask it, while its thread is busy.
final class ConnectionSignals: Sendable {
  /// What is known of the session after its last call.
  enum Health: Sendable, Equatable {
    /// Connected and in no transaction: may be handed to someone else.
    case ready
    /// Connected, in the middle of a transaction.
    case inTransaction
    /// Not connected (any more).
    case closed
  }

  private struct State {
    var isCloseRequested = false
    var health = Health.closed
    var host: ConnectionOptions.Host?
  }

  private let state = Mutex(State())
  let wake: WakeEvent

  init() throws(LibPQError) { wake = try WakeEvent() }

  var isCloseRequested: Bool { state.withLock { $0.isCloseRequested } }

  var health: Health {
    get { state.withLock { $0.isCloseRequested ? .closed : $0.health } }
    set { state.withLock { $0.health = newValue } }
  }

  var host: ConnectionOptions.Host? {
    get { state.withLock { $0.host } }
    set { state.withLock { $0.host = newValue } }
  }

  func requestClose() {
    state.withLock { $0.isCloseRequested = true }
    wake.signal()
  }
}
