import Allocator
import LeaseCore
import Synchronization

/// Remembers what administrators asked for, and answers as a test tells it to.
final class FakeOperating: ClusterOperating {
  enum Call: Sendable, Equatable {
    case void(Block, Counter, reason: String, by: String)
    case unvoid(Block, Counter, reason: String, by: String)
    case freeze(Counter, Bool, reason: String, by: String)
    case reserve(Int, Counter, by: String)
    case quota(of: String, perMinute: Int?, perYear: Int?, by: String)
    case drain(String, by: String)
    case retire(String, reason: String, by: String)
    case recover(reason: String, by: String)
    case recovery(waitMilliseconds: Int?, synchronous: Bool?, by: String)
  }

  private struct State {
    var calls: [Call] = []
    var failure: CoordinatorError.Code?
    var hangs = false
    var voidOutcome = VoidOutcome.done(1)
    var nodeOutcome = NodeOutcome.done
  }

  private let state = Mutex(State())
  private let forever = Gate()

  deinit { forever.open() }

  var calls: [Call] { state.withLock { $0.calls } }
  func fail(_ code: CoordinatorError.Code?) { state.withLock { $0.failure = code } }
  func hang() { state.withLock { $0.hangs = true } }
  func answer(_ outcome: VoidOutcome) { state.withLock { $0.voidOutcome = outcome } }
  func answer(_ outcome: NodeOutcome) { state.withLock { $0.nodeOutcome = outcome } }

  private func note(_ call: Call) async throws(CoordinatorError) {
    let (failure, hangs) = state.withLock { state in
      state.calls.append(call)
      return (state.failure, state.hangs)
    }
    // Deaf to cancellation, as a library in C would be.
    if hangs { await forever.passed() }
    if let failure { throw CoordinatorError(failure, detail: "secret host name") }
  }

  func void(_ block: Block, of counter: Counter, reason: String, by subject: String)
    async throws(CoordinatorError) -> VoidOutcome
  {
    try await note(.void(block, counter, reason: reason, by: subject))
    return state.withLock { $0.voidOutcome }
  }

  func unvoid(_ block: Block, of counter: Counter, reason: String, by subject: String)
    async throws(CoordinatorError) -> VoidOutcome
  {
    try await note(.unvoid(block, counter, reason: reason, by: subject))
    return state.withLock { $0.voidOutcome }
  }

  func freeze(_ counter: Counter, _ frozen: Bool, reason: String, by subject: String)
    async throws(CoordinatorError)
  {
    try await note(.freeze(counter, frozen, reason: reason, by: subject))
  }

  func setReserve(_ numbers: Int, of counter: Counter, by subject: String)
    async throws(CoordinatorError)
  {
    try await note(.reserve(numbers, counter, by: subject))
  }

  func setQuota(of subject: String, perMinute: Int?, perYear: Int?, by administrator: String)
    async throws(CoordinatorError)
  {
    try await note(
      .quota(of: subject, perMinute: perMinute, perYear: perYear, by: administrator))
  }

  func drain(node: String, by subject: String) async throws(CoordinatorError) -> NodeOutcome {
    try await note(.drain(node, by: subject))
    return state.withLock { $0.nodeOutcome }
  }

  func retire(node: String, reason: String, by subject: String)
    async throws(CoordinatorError) -> NodeOutcome
  {
    try await note(.retire(node, reason: reason, by: subject))
    return state.withLock { $0.nodeOutcome }
  }

  func recover(reason: String, by subject: String) async throws(CoordinatorError) -> [String] {
    try await note(.recover(reason: reason, by: subject))
    return ["us-1", "eu-2"]
  }

  func setRecovery(waitMilliseconds: Int?, failoverIsSynchronous: Bool?, by subject: String)
    async throws(CoordinatorError)
  {
    try await note(
      .recovery(
        waitMilliseconds: waitMilliseconds, synchronous: failoverIsSynchronous, by: subject))
  }
}
