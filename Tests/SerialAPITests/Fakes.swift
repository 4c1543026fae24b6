import Allocator
import LeaseCore
import SerialFormat
import Synchronization

/// An allocator that counts up, or does what a test tells it to.
final class FakeIssuing: SerialIssuing {
  enum Behaviour: Sendable {
    case issue
    case fail(AllocationError)
    /// Waits until the task is cancelled, then says so.
    case hang
    /// Waits until `release` is called.
    case wait
  }

  private struct State {
    var behaviour = Behaviour.issue
    var readiness = Readiness.ready
    var next = 1
    var requests: [AllocationRequest] = []
    var isReplay = false
    var started: [CheckedContinuation<Void, Never>] = []
    var cancelled = 0
  }

  private let state = Mutex(State())
  private let gate = Gate()
  private let cancellation = Gate()

  var behaviour: Behaviour {
    get { state.withLock { $0.behaviour } }
    set { state.withLock { $0.behaviour = newValue } }
  }

  func setReadiness(_ readiness: Readiness) { state.withLock { $0.readiness = readiness } }

  /// From now on what is issued is a replay.
  func replay() { state.withLock { $0.isReplay = true } }

  var requests: [AllocationRequest] { state.withLock { $0.requests } }

  /// Returns when a request has come in.
  func untilStarted() async {
    await withCheckedContinuation { continuation in
      let now = state.withLock { state in
        guard state.requests.isEmpty else { return true }
        state.started.append(continuation)
        return false
      }
      if now { continuation.resume() }
    }
  }

  /// Returns when a request was cancelled.
  func untilCancelled() async { await cancellation.passed() }

  /// Lets those go that wait.
  func release() { gate.open() }

  func allocate(_ request: AllocationRequest) async throws(AllocationError) -> Allocation {
    let (behaviour, started) = state.withLock { state in
      state.requests.append(request)
      defer { state.started = [] }
      return (state.behaviour, state.started)
    }
    for continuation in started { continuation.resume() }
    switch behaviour {
    case .issue: break
    case .fail(let error): throw error
    case .wait: await gate.passed()
    case .hang:
      let forever = Gate()
      await withTaskCancellationHandler {
        await forever.passed()
      } onCancel: {
        forever.open()
      }
      cancellation.open()
      throw AllocationError(.cancelled, detail: "The caller went away.")
    }
    let (first, isReplay) = state.withLock { state in
      defer { state.next += request.count }
      return (state.next, state.isReplay)
    }
    let counter = Counter(kind: request.kind, year: request.year ?? 2026)
    guard let block = Block(first: first, count: request.count) else {
      throw AllocationError(.capacityExhausted, detail: "Nothing is left.", counter: counter)
    }
    return Allocation(counter: counter, blocks: [block], node: "eu-1", isReplay: isReplay)
  }

  func readiness() async -> Readiness { state.withLock { $0.readiness } }
}

/// Closed until it is opened; then everybody passes.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func passed() async {
    await withCheckedContinuation { continuation in
      let now = state.withLock { state in
        guard !state.isOpen else { return true }
        state.waiting.append(continuation)
        return false
      }
      if now { continuation.resume() }
    }
  }
}
