import Allocator
import Foundation
import LeaseCore
import Logging
import MemoryCoordinator
import SerialFormat
import Testing

/// A coordinator in memory that says of itself what a test wants, and answers reports as it is
/// told.
actor ScriptedCoordinator: LeaseCoordinating {
  private let session: MemorySession
  private(set) var facts: CoordinatorFacts
  /// Answers to the next reports; accepted when there is none.
  private var answers: [Result<ReportAnswer, CoordinatorError>] = []
  private var knowsBoot = true
  private var wantsDrain = false
  private var isHoldingAnswers = false
  private var held: [CheckedContinuation<Void, Never>] = []
  private(set) var reports: [HoldingsReport] = []
  /// What was called, in order, without renewals.
  private(set) var calls: [String] = []
  private(set) var renewals = 0
  private(set) var commits: [CommitPlan] = []

  init(_ session: MemorySession, facts: CoordinatorFacts) {
    self.session = session
    self.facts = facts
  }

  // MARK: - What a test says

  func say(
    system: String? = nil, timeline: Int? = nil, position: UInt64? = nil, generation: Int? = nil,
    open: Bool? = nil
  ) {
    facts = CoordinatorFacts(
      systemIdentifier: system ?? facts.systemIdentifier, timeline: timeline ?? facts.timeline,
      position: position ?? facts.position, generation: generation ?? facts.generation,
      grantsAreOpen: open ?? facts.grantsAreOpen)
  }

  func answer(
    _ outcome: ReportAnswer.Outcome, generation: Int, carved: Int = 0, overlapping: Int = 0,
    settled: [ReportAnswer.Settled] = []
  ) {
    let next = CoordinatorFacts(
      systemIdentifier: facts.systemIdentifier, timeline: facts.timeline,
      position: facts.position, generation: generation, grantsAreOpen: facts.grantsAreOpen)
    answers.append(
      .success(
        ReportAnswer(
          outcome: outcome, carved: carved, overlapping: overlapping, settled: settled, facts: next)
      ))
  }

  func failReport(_ code: CoordinatorError.Code) {
    answers.append(.failure(CoordinatorError(code, detail: "as the test says")))
  }

  /// Does commits, and holds their answers until they are let go.
  func holdAnswers() { isHoldingAnswers = true }
  var heldAnswers: Int { held.count }
  func letAnswersGo() {
    isHoldingAnswers = false
    for answer in held { answer.resume() }
    held = []
  }

  func forgetBoot() { knowsBoot = false }
  func requestDrain() { wantsDrain = true }

  // MARK: - The calls

  func register() async throws(CoordinatorError) -> RegisterAnswer {
    calls.append("register")
    knowsBoot = true
    return RegisterAnswer(boot: try await session.register().boot, facts: facts)
  }

  func report(_ report: HoldingsReport) throws(CoordinatorError) -> ReportAnswer {
    calls.append("report")
    reports.append(report)
    if !answers.isEmpty {
      let answer = try answers.removeFirst().get()
      facts = answer.facts
      return answer
    }
    return ReportAnswer(outcome: .accepted, carved: 0, overlapping: 0, settled: [], facts: facts)
  }

  func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer {
    renewals += 1
    let answer = try await session.renew(leases)
    return RenewAnswer(
      boot: knowsBoot ? answer.boot : .unknownBoot, leases: answer.leases, facts: facts,
      drainRequested: wantsDrain)
  }

  func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply {
    calls.append("acquire")
    guard knowsBoot else {
      return AcquireReply(
        outcome: .superseded, counter: Counter(kind: plan.stream.kind, year: 2026), grants: [],
        free: 0, leasedElsewhere: 0)
    }
    return try await session.acquire(plan)
  }

  func commit(_ plan: CommitPlan, while isInTime: @escaping @Sendable () -> Bool)
    async throws(CoordinatorError) -> CommitAnswer
  {
    calls.append("commit")
    commits.append(plan)
    let answer = try await session.commit(plan, while: isInTime)
    if isHoldingAnswers { await withCheckedContinuation { held.append($0) } }
    return answer
  }

  func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError) -> [ReadBackReply] {
    calls.append("readBack")
    return try await session.readBack(leases)
  }

  func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply] {
    try await session.release(items)
  }

  func reapExpired() async throws(CoordinatorError) -> Int { try await session.reapExpired() }

  func resolve(_ keys: [KeyOwner]) async throws(CoordinatorError) -> [KeyAnswer] {
    try await session.resolve(keys)
  }

  func sweepKeys() async throws(CoordinatorError) -> Int { 0 }
  func hint() async throws(CoordinatorError) {}
}

/// One node on a scripted coordinator and a scripted journal.
struct ScriptedNode: Sendable {
  static let facts = CoordinatorFacts(
    systemIdentifier: "one", timeline: 1, position: 100, generation: 1, grantsAreOpen: true)

  let ledger: MemoryLedger
  let coordinator: ScriptedCoordinator
  let journal: ScriptedJournal
  let allocator: Allocator
  let running: Task<Void, Never>

  /// Runs a node for as long as `body` lasts.
  /// - Parameter timeToLive: Without one its leases live long, and it renews them a hundred times a
  ///   second: it sleeps for a shorter time than it says.
  static func run(
    timeToLive: Int? = nil, deadline: Int = 30_000,
    prepare: (ScriptedJournal, ScriptedCoordinator)
      async -> Void = { _, _ in },
    _ body: (ScriptedNode) async throws -> Void
  ) async throws {
    let ledger = MemoryLedger(now: Date(timeIntervalSince1970: 1_790_000_000))
    await ledger.enroll(node: "eu-1", region: "eu")
    let boot = BootID(UUID())
    let coordinator = ScriptedCoordinator(
      MemorySession(
        ledger: ledger, node: "eu-1",
        identity: SessionIdentity(
          bootID: boot, timeToLiveMilliseconds: 600_000, requiresStandby: false)),
      facts: facts)
    let journal = ScriptedJournal()
    await prepare(journal, coordinator)
    let pace = timeToLive == nil ? 2_000 : 1
    let clock = NodeClock(now: NodeClock.continuous.now, year: { 2026 }) {
      try await ContinuousClock().sleep(for: .milliseconds($0) / pace)
    }
    let allocator = Allocator(
      settings: AllocatorSettings(
        node: "eu-1",
        machine: LeaseMachine.Settings(
          timeToLiveMilliseconds: timeToLive ?? 60_000, unknownGraceMilliseconds: 30_000,
          retryMilliseconds: 2, recallRetryMilliseconds: 2),
        requestDeadlineMilliseconds: deadline, tickMilliseconds: 2 * pace,
        probeMilliseconds: 2 * pace, boot: boot),
      coordinator: coordinator, journal: journal, clock: clock,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let running = Task { await allocator.run() }
    let node = ScriptedNode(
      ledger: ledger, coordinator: coordinator, journal: journal, allocator: allocator,
      running: running)
    let result: Result<Void, any Error>
    do { result = .success(try await body(node)) } catch { result = .failure(error) }
    running.cancel()
    await running.value
    try result.get()
  }

  func ask(_ count: Int = 1) async throws(AllocationError) -> [Int] {
    let request = AllocationRequest(
      kind: .job, count: count, subject: "tester", id: RequestID(UUID()))
    return try await allocator.allocate(request).blocks.flatMap(\.numbers)
  }

  func refusal(_ count: Int = 1) async -> AllocationError? {
    do throws(AllocationError) {
      _ = try await ask(count)
      return nil
    } catch {
      return error
    }
  }

  /// Waits for something to become true; a test that waits for ever ends by its time limit.
  func until(_ condition: () async -> Bool) async {
    while !(await condition()) { await Task.yield() }
  }

  func isReady() async { await until { await allocator.readiness() == .ready } }

  /// The reports, once there are so many.
  func reports(_ count: Int) async -> [HoldingsReport] {
    await until { await coordinator.reports.count >= count }
    return await coordinator.reports
  }

  /// Lets so many renewals pass.
  func renewals(_ count: Int) async {
    let before = await coordinator.renewals
    await until { await coordinator.renewals >= before + count }
  }
}
