import Allocator
import Foundation
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
    let first = state.withLock { state in
      defer { state.next += request.count }
      return state.next
    }
    let counter = Counter(kind: request.kind, year: 2026)
    guard let block = Block(first: first, count: request.count) else {
      throw AllocationError(.capacityExhausted, detail: "Nothing is left.", counter: counter)
    }
    return Allocation(counter: counter, blocks: [block], node: "eu-1")
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

/// A cluster of one node and one lease, which can fail or hang.
final class FakeCluster: ClusterReading {
  static let lease = LeaseID(UUID(uuidString: "11111111-2222-3333-4444-555555555555") ?? UUID())
  static let boot = BootID(UUID(uuidString: "99999999-2222-3333-4444-555555555555") ?? UUID())
  static let request = RequestID(
    UUID(uuidString: "77777777-2222-3333-4444-555555555555") ?? UUID())
  static let noon = Date(timeIntervalSince1970: 1_780_056_000.25)

  private struct State {
    var failure: CoordinatorError.Code?
    var hangs = false
    var entry = NumberEntry(state: .free)
    var readings = 0
  }

  private let state = Mutex(State())
  private let forever = Gate()

  func fail(_ code: CoordinatorError.Code?) { state.withLock { $0.failure = code } }
  func hang(_ hangs: Bool) { state.withLock { $0.hangs = hangs } }
  func setEntry(_ entry: NumberEntry) { state.withLock { $0.entry = entry } }
  /// How often the ledger was read.
  var readings: Int { state.withLock { $0.readings } }

  private func read<Value>(_ value: Value) async throws(CoordinatorError) -> Value {
    let (failure, hangs) = state.withLock { ($0.failure, $0.hangs) }
    // Deaf to cancellation, as a library in C would be.
    if hangs { await forever.passed() }
    if let failure { throw CoordinatorError(failure, detail: "secret host name") }
    return value
  }

  deinit { forever.open() }

  func ledger() async throws(CoordinatorError) -> [LedgerEntry] {
    state.withLock { $0.readings += 1 }
    return try await read([
      LedgerEntry(
        counter: Counter(kind: .target, year: 2026), capacity: 99_999, issued: 0, leased: 0,
        free: 99_999, void: 0, reserve: 0, frozen: true),
      LedgerEntry(
        counter: Counter(kind: .job, year: 2026), capacity: 99_999, issued: 12_345, leased: 100,
        free: 87_553, void: 1, reserve: 10, frozen: false),
    ])
  }

  func nodes() async throws(CoordinatorError) -> [NodeEntry] {
    try await read([
      NodeEntry(
        node: "us-1", region: "us", state: "retired", live: false, bootID: nil, startedAt: nil,
        lastSeenAt: nil, leases: 0, leasedNumbers: 0),
      NodeEntry(
        node: "eu-1", region: "eu", state: "active", live: true, bootID: Self.boot,
        startedAt: Self.noon, lastSeenAt: Self.noon, leases: 1, leasedNumbers: 60),
    ])
  }

  func leases() async throws(CoordinatorError) -> [LeaseEntry] {
    guard let block = Block(first: 12_346, last: 12_445) else { return [] }
    return try await read([
      LeaseEntry(
        id: Self.lease, node: "eu-1", counter: Counter(kind: .job, year: 2026), block: block,
        committedThrough: 12_385, grantedAt: Self.noon,
        expiresAt: Self.noon.addingTimeInterval(15), recalledAt: nil)
    ])
  }

  func number(_ number: Int, of counter: Counter) async throws(CoordinatorError) -> NumberEntry {
    try await read(state.withLock { $0.entry })
  }

  func connectionFacts() async -> ConnectionFacts? {
    guard state.withLock({ $0.failure == nil }) else { return nil }
    return ConnectionFacts(
      tlsProtocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", certificateSubject: "CN=db",
      certificateEnd: Date(timeIntervalSince1970: 1_800_000_000))
  }
}
