import Foundation
import LeaseCore
public import Logging
import SerialFormat

/// Owns the node's lease machines and runs their actions: every call of the coordinator is a child
/// task of `run()`, and its outcome is the machine's next event.
public actor Allocator: SerialIssuing {
  let settings: AllocatorSettings
  let coordinator: any LeaseCoordinating
  let journal: any GrantJournaling
  let clock: NodeClock
  let logger: Logger
  let metrics: AllocatorMetrics

  var machines: [IssueStream: LeaseMachine] = [:]
  var waiters: [RequestID: Waiter] = [:]
  /// Idempotency keys that wait to be looked up, and whether a look-up is under way.
  var keyWaiters: [KeyWaiter] = []
  var isResolvingKeys = false
  /// The year in UTC by the node's own clock, at the latest tick.
  private var clockYear: Int
  var state: State = .starting("not registered yet")
  nonisolated let commands: AsyncStream<Command>.Continuation
  private let commandStream: AsyncStream<Command>

  /// `starting` goes to `up`; `up` and `away` to each other, and back to `starting` when the
  /// coordinator forgot this process; any of them to `superseded`, which ends.
  enum State: Equatable {
    case starting(String)
    case up
    case away(String)
    case superseded
  }

  var isDraining = false
  /// A hint waits to be looked at: more of them say the same.
  var isHinted = false
  /// What the node knows of the coordinator's past, and what it has told it.
  var history = History()
  /// Goes up when the coordinator forgot this process: answers to what was asked before are void.
  var epoch = 0
  /// `run()` has returned: nothing would ever answer a request.
  var hasEnded = false

  enum Command: Sendable {
    /// Void when the coordinator forgot this process after it was asked for.
    case call(IssueStream, MachineAction, epoch: Int)
    case cancel(IssueStream, RequestID, ticket: UUID)
    case resolveKeys
    case renew
  }

  public init(
    settings: AllocatorSettings, coordinator: any LeaseCoordinating,
    journal: any GrantJournaling, clock: NodeClock = .continuous, logger: Logger
  ) {
    self.settings = settings
    self.coordinator = coordinator
    self.journal = journal
    self.clockYear = clock.year()
    self.clock = clock
    self.logger = logger
    self.metrics = AllocatorMetrics()
    (commandStream, commands) = AsyncStream.makeStream()
  }

  public func readiness() -> Readiness {
    if isDraining { return .draining }
    if state != .superseded, let problem = history.journalProblem {
      return .coordinatorAway(problem)
    }
    switch state {
    case .starting(let why): return .starting(why)
    case .up: return .ready
    case .away(let why): return .coordinatorAway(why)
    case .superseded: return .superseded
    }
  }

  /// Says why the node is not registered yet; shown to callers until it is.
  public func waits(for reason: String) {
    if case .starting = state { state = .starting(reason) }
  }

  // MARK: - Running

  /// Runs the node until it is cancelled. Nothing is issued without it.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.keepTime() }
      group.addTask { await self.keepAlive() }
      group.addTask { await self.keepReaping() }
      for await command in commandStream {
        group.addTask { await self.execute(command) }
      }
      group.cancelAll()
    }
    hasEnded = true
    // Whoever still waits is answered: nothing more will be heard of the statements under way.
    let ids = Array(waiters.keys)
    for id in ids { resume(id, .refused(.outcomeUnknown)) }
    endKeyWaiters()
  }

  /// Stops issuing, answers what was accepted, and gives every lease back. Returns when nothing is
  /// held any more; to be bounded by the caller.
  public func drain() async throws {
    beginDraining()
    while !machines.values.allSatisfy(\.isEmpty) {
      try await clock.sleep(settings.tickMilliseconds)
    }
  }

  /// Issues no more from now on. Idempotent.
  func beginDraining() {
    isDraining = true
    applyToAll { $0.drain(at: $1) }
  }

  private func keepTime() async {
    while (try? await clock.sleep(settings.tickMilliseconds)) != nil {
      clockYear = clock.year()
      for stream in machines.keys { apply(to: stream) { $0.ticked(at: $1) } }
      forgetSpentMachines()
    }
  }

  /// A stream that an administrator named once does not cost a tick for ever.
  private func forgetSpentMachines() {
    for (stream, machine) in machines
    where (stream.namedYear != nil || stream.usesReserve) && machine.isSpent {
      machines[stream] = nil
    }
  }

  /// Another node waits for numbers: looks at the leases now and not at the next renewal.
  public func hinted() {
    guard state == .up, !isHinted else { return }
    isHinted = true
    commands.yield(.renew)
  }

  // MARK: - The machines and their actions

  /// Gives an event to a machine and runs what it answers.
  func apply(
    to stream: IssueStream,
    _ event: (inout LeaseMachine, Instant) -> [MachineAction]
  ) {
    var machine = machines[stream] ?? makeMachine(stream)
    machine.clockSays(year: clockYear)
    let actions = event(&machine, clock.now())
    machines[stream] = machine
    for action in actions { perform(action, on: stream) }
  }

  /// The same event for every machine.
  func applyToAll(_ event: (inout LeaseMachine, Instant) -> [MachineAction]) {
    for stream in Array(machines.keys) { apply(to: stream, event) }
  }

  /// Asks each machine which leases to renew.
  func beginRenewals() -> [IssueStream: [LeaseReference]] {
    var items: [IssueStream: [LeaseReference]] = [:]
    for stream in machines.keys {
      let leases = machines[stream]?.beginRenewal(at: clock.now()) ?? []
      if !leases.isEmpty { items[stream] = leases }
    }
    return items
  }

  private func makeMachine(_ stream: IssueStream) -> LeaseMachine {
    var machine = LeaseMachine(stream: stream, settings: settings.machine) {
      AcquirePlan.Name(id: LeaseID(UUID()), token: Token(UUID()))
    }
    if isDraining { _ = machine.drain(at: clock.now()) }
    if case .away = state { _ = machine.coordinatorWentAway(at: clock.now()) }
    if state == .superseded { _ = machine.superseded(at: clock.now()) }
    return machine
  }

  private func perform(_ action: MachineAction, on stream: IssueStream) {
    switch action {
    case .acquire, .commit, .readBack, .release, .hint:
      commands.yield(.call(stream, action, epoch: epoch))
    case .deliver(let id, let counter, let blocks):
      let count = blocks.reduce(0) { $0 + $1.count }
      metrics.issued(kind: counter.kind, count: count)
      let allocation = Allocation(counter: counter, blocks: blocks.sorted(), node: settings.node)
      resume(id, .allocated(allocation))
    case .fail(let id, let refusal): resume(id, .refused(refusal))
    case .note(let note):
      metrics.noted(note)
      log(note, stream: stream)
      if note == .superseded { wasSuperseded() }
    }
  }
}
