import Allocator
import Foundation
import LeaseCore
import Logging
import MemoryCoordinator
import SerialFormat
import Testing

/// A coordinator that does what a test says with each call: passes it on, holds it, fails it, or
/// does it and loses the reply.
actor GatedCoordinator: LeaseCoordinating {
  enum Call: Sendable { case register, acquire, commit, readBack, renew, release, reap }

  enum Step: Sendable {
    case pass
    /// Waits for `open`, which says what happens then.
    case hold
    /// Does nothing and throws.
    case fail(CoordinatorError.Code)
    /// Does it, and throws that the outcome is unknown.
    case loseReply
    /// Answers a renewal as a coordinator that never heard of this boot.
    case forgetBoot
  }

  private struct Gate {
    let call: Call
    let opening: AsyncStream<Step>.Continuation
  }

  private struct Watcher {
    let call: Call
    let count: Int
    let arrival: AsyncStream<Void>.Continuation
  }

  private let session: MemorySession
  private var standing: [Call: Step] = [:]
  private var next: [Call: [Step]] = [:]
  private var gates: [Gate] = []
  private var watchers: [Watcher] = []
  private var counts: [Call: Int] = [:]
  private(set) var commits: [CommitPlan] = []

  init(_ session: MemorySession) { self.session = session }

  // MARK: - What a test says

  /// What happens to every call of a kind from now on.
  func always(_ step: Step, _ calls: Call...) { for call in calls { standing[call] = step } }

  /// What happens to the next calls of a kind, one after the other.
  func next(_ steps: Step..., of call: Call) { next[call, default: []] += steps }

  /// Lets every held call of a kind go on.
  func open(_ call: Call, as step: Step = .pass) {
    for gate in gates where gate.call == call {
      gate.opening.yield(step)
      gate.opening.finish()
    }
    gates.removeAll { $0.call == call }
  }

  func count(of call: Call) -> Int { counts[call] ?? 0 }

  /// Returns once so many calls of a kind have arrived, or when the test is cancelled.
  func arrival(of call: Call, count: Int) async {
    guard self.count(of: call) < count else { return }
    let (stream, arrival) = AsyncStream.makeStream(of: Void.self)
    watchers.append(Watcher(call: call, count: count, arrival: arrival))
    for await _ in stream {}
  }

  // MARK: - The calls

  private func perform<Answer: Sendable>(
    _ call: Call, _ act: () async throws(CoordinatorError) -> Answer
  ) async throws(CoordinatorError) -> Answer {
    let count = count(of: call) + 1
    counts[call] = count
    for watcher in watchers where watcher.call == call && watcher.count <= count {
      watcher.arrival.finish()
    }
    watchers.removeAll { $0.call == call && $0.count <= count }
    var step = standing[call] ?? .pass
    if let first = next[call]?.first {
      step = first
      next[call]?.removeFirst()
    }
    if case .hold = step { step = await opening(of: call) }
    switch step {
    case .pass, .hold, .forgetBoot: return try await act()
    case .fail(let code): throw CoordinatorError(code, detail: "as the test says")
    case .loseReply:
      _ = try await act()
      throw CoordinatorError(.outcomeUnknown, detail: "the reply was lost")
    }
  }

  /// Whoever is cancelled while it waits does not know what became of its call.
  private func opening(of call: Call) async -> Step {
    let (stream, continuation) = AsyncStream.makeStream(of: Step.self)
    gates.append(Gate(call: call, opening: continuation))
    for await step in stream { return step }
    return .fail(.outcomeUnknown)
  }

  func register() async throws(CoordinatorError) -> BootState {
    try await perform(.register) { () async throws(CoordinatorError) in
      try await session.register()
    }
  }

  func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply {
    try await perform(.acquire) { () async throws(CoordinatorError) in
      try await session.acquire(plan)
    }
  }

  func commit(_ plan: CommitPlan) async throws(CoordinatorError) -> [CommitReply] {
    commits.append(plan)
    return try await perform(.commit) { () async throws(CoordinatorError) in
      try await session.commit(plan)
    }
  }

  func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError) -> [ReadBackReply] {
    try await perform(.readBack) { () async throws(CoordinatorError) in
      try await session.readBack(leases)
    }
  }

  func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer {
    if case .forgetBoot = standing[.renew] { return RenewAnswer(boot: .unknownBoot, leases: []) }
    return try await perform(.renew) { () async throws(CoordinatorError) in
      try await session.renew(leases)
    }
  }

  func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply] {
    try await perform(.release) { () async throws(CoordinatorError) in
      try await session.release(items)
    }
  }

  func reapExpired() async throws(CoordinatorError) -> Int {
    try await perform(.reap) { () async throws(CoordinatorError) in
      try await session.reapExpired()
    }
  }
}

/// One node that runs on a ledger in memory, behind a gate.
struct GatedNode: Sendable {
  typealias Outcome = Result<Allocation, AllocationError>

  let ledger: MemoryLedger
  let gate: GatedCoordinator
  let allocator: Allocator
  let running: Task<Void, Never>

  static let node = "eu-1"

  /// Runs a node for as long as `body` lasts. The grace is long unless a test is about it: a slow
  /// machine must not make an outcome unknown that the read-back decides.
  static func run(
    timeToLive: Int = 300, unknownGrace: Int = 20_000,
    _ body: (GatedNode) async throws -> Void
  ) async throws {
    let ledger = MemoryLedger(now: Date(timeIntervalSince1970: 1_790_000_000))
    await ledger.enroll(node: node, region: "eu")
    let gate = GatedCoordinator(session(on: ledger))
    let machine = LeaseMachine.Settings(
      timeToLiveMilliseconds: timeToLive, unknownGraceMilliseconds: unknownGrace,
      retryMilliseconds: 5,
      recallRetryMilliseconds: 5)
    let allocator = Allocator(
      settings: AllocatorSettings(
        node: node, machine: machine, requestDeadlineMilliseconds: 30_000, tickMilliseconds: 2,
        probeMilliseconds: 5),
      coordinator: gate, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let running = Task { await allocator.run() }
    let node = GatedNode(ledger: ledger, gate: gate, allocator: allocator, running: running)
    let result: Result<Void, any Error>
    do {
      try await node.become(.ready)
      await gate.arrival(of: .renew, count: 1)
      result = .success(try await body(node))
    } catch {
      result = .failure(error)
    }
    running.cancel()
    await running.value
    try result.get()
  }

  /// A new process of the node.
  static func session(on ledger: MemoryLedger) -> MemorySession {
    MemorySession(
      ledger: ledger, node: node,
      identity: SessionIdentity(
        bootID: BootID(UUID()), timeToLiveMilliseconds: 15_000, requiresStandby: false))
  }

  func ask(
    _ count: Int = 1, of kind: CounterKind = .job, subject: String = "tester",
    id: RequestID = RequestID(UUID())
  ) async -> Outcome {
    let request = AllocationRequest(kind: kind, count: count, subject: subject, id: id)
    do throws(AllocationError) {
      return .success(try await allocator.allocate(request))
    } catch {
      return .failure(error)
    }
  }

  /// Starts a request that cannot be answered now, and returns once it waits: then a twin with the
  /// same id is refused, and only then.
  func begin(_ count: Int = 1, of kind: CounterKind = .job) async throws -> Task<Outcome, Never> {
    let id = RequestID(UUID())
    let (answered, ended) = AsyncStream.makeStream(of: Int.self)
    let twins = (0..<2).map { index in
      Task {
        let outcome = await ask(count, of: kind, id: id)
        ended.yield(index)
        return outcome
      }
    }
    for await index in answered {
      try #require(await twins[index].value.refusal == .invalidRequest)
      return twins[1 - index]
    }
    throw CancellationError()
  }

  /// Makes sure that the node holds about 100 numbers that nobody was given.
  func warmUp() async throws {
    _ = try await ask(100).get()
    _ = try await ask(1).get()
  }

  /// Waits for the node to become ready, or away, or what else.
  func become(_ wanted: Readiness) async throws {
    try await until { await allocator.readiness() == wanted }
  }

  /// Waits for something to become true; a test that waits for ever ends by its time limit.
  func until(_ condition: () async -> Bool) async throws {
    while !(await condition()) { try await Task.sleep(for: .milliseconds(1)) }
  }

  func entry(_ kind: CounterKind = .job) async throws -> LedgerEntry {
    try #require(try await ledger.ledger().first { $0.counter.kind == kind })
  }
}

extension Result where Success == Allocation, Failure == AllocationError {
  var refusal: AllocationError.Code? {
    switch self {
    case .success: nil
    case .failure(let error): error.code
    }
  }

  /// Empty for a refusal.
  var numbers: [Int] {
    switch self {
    case .success(let allocation): allocation.blocks.flatMap(\.numbers)
    case .failure: []
    }
  }
}
