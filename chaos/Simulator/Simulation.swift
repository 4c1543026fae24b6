import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator
import SerialFormat

/// Real lease machines, a coordinator in memory, and a network, clocks and crashes that a schedule
/// decides. Nothing in it comes from the machine it runs on.
struct Simulation {
  struct Process {
    let node: String
    var machine: LeaseMachine
    var session: MemorySession
    /// Counts the processes in this place: messages of an older one are nobody's.
    var life = 0
    /// It cannot reach the coordinator.
    var isAway = false
    var isPaused = false
    /// It was told to end.
    var isDraining = false
    /// Another process was started under the name of its node.
    var isReplaced = false
    /// It was replaced and has ended.
    var isGone = false
  }

  static let timeToLive = 15_000
  static let mostReplacements = 2
  static let counter = LeaseCore.Counter(kind: .job, year: 2026)

  let options: SimulationOptions
  let bug: PlantedBug?
  let ledger: MemoryLedger
  let names: SeededNames
  var trace: Trace
  var processes: [Process] = []
  var messages: [Message] = []
  var now = Instant(milliseconds: 0)
  /// The step that is being run; nil after the last one.
  var step: Int?
  /// What the coordinator will be restored from.
  var saved: MemoryLedger.Snapshot?
  /// It was restored: it may refuse and contradict whatever it has forgotten.
  var hasGoneBack = false
  /// The first one; the simulation stops there.
  var violation: Violation?

  /// Requests for a single number: only these tell that nothing at all is left.
  var singles: Set<RequestID> = []
  /// Processes that said of a single number that none is left.
  var exhausted: Set<Int> = []
  var handedOut: Set<Int> = []
  /// What crashes may have left issued and in nobody's hands, and what the machines gave up.
  var atStake = 0
  /// Requests with an idempotency key, and the keys whose numbers a caller received.
  var keyed: [RequestID: KeyOwner] = [:]
  var received: [KeyOwner: [Block]] = [:]
  /// Requests with records, their names, and the numbers that a caller received for them.
  var recording: [RequestID: [String]] = [:]
  var acknowledged: [Int: String] = [:]
  /// Numbers whose rows an application inserted, and who had them by the issue log then.
  var inserted: [Int: RequestID] = [:]
  /// Numbers that were handed out ahead by a process that ended or was replaced before it reported
  /// them.
  var mayLackALine: Set<Int> = []
  var notes: [String: Int] = [:]

  /// The lowest number that is not issued when the simulation starts.
  var firstLeft: Int { Capacity.counter - options.left + 1 }

  init(options: SimulationOptions, bug: PlantedBug?, keepsTrace: Bool) async {
    self.options = options
    self.bug = bug
    trace = Trace(keepsLines: keepsTrace)
    names = SeededNames(seed: options.seed ^ 0x6E61_6D65_73)
    ledger = MemoryLedger(
      now: Date(timeIntervalSince1970: 1_790_000_000), keepsEvents: false, flaw: bug?.flaw)
    await ledger.fill(
      Self.counter, leaving: options.left, as: names.lease(), boot: BootID(names.uuid()))
    for index in 0..<options.nodes {
      await ledger.enroll(node: "n-\(index)", region: "eu")
      if let process = await start("n-\(index)", life: 0) { processes.append(process) }
    }
  }

  /// Runs a schedule, then the phase without faults.
  mutating func run(_ schedule: Schedule) async -> Outcome {
    trace.add("\(options)")
    for (place, step) in zip(schedule.places, schedule.steps) where violation == nil {
      self.step = place
      if let restore = options.restore, saved == nil, restore.savedBefore <= place {
        saved = await ledger.snapshot()
      }
      trace.add("\(place) \(step)")
      await run(step)
      await checkBalance()
    }
    step = nil
    if violation == nil {
      if let restore = options.restore { await goBack(restore) } else { await finish() }
    }
    if let violation { trace.add("violation \(violation)") }
    trace.add("handed out \(handedOut.count), at stake \(atStake)")
    return Outcome(
      violation: violation, traceHash: trace.hash, trace: trace.lines, handedOut: handedOut.count,
      records: acknowledged.count, notes: notes)
  }

  mutating func violate(_ kind: Violation.Kind, _ text: String) {
    if hasGoneBack, kind != .handedOutTwice { return }
    if violation == nil { violation = Violation(kind: kind, text: text, step: step) }
  }

  /// A new process; nil when the coordinator refuses it, which is a violation.
  mutating func start(_ node: String, life: Int) async -> Process? {
    let session = MemorySession(
      ledger: ledger, node: node,
      identity: SessionIdentity(
        bootID: BootID(names.uuid()), timeToLiveMilliseconds: Self.timeToLive,
        requiresStandby: false))
    do throws(CoordinatorError) { _ = try await session.register() } catch {
      violate(.refused, "registration of \(node): \(error)")
      return nil
    }
    let names = names
    // such a node believes that its leases live for a day
    let isBlind = bug == .lapsedLeaseCommits && options.restore != nil
    let machine = LeaseMachine(
      stream: IssueStream(kind: .job),
      settings: LeaseMachine.Settings(
        timeToLiveMilliseconds: isBlind ? 86_400_000 : Self.timeToLive,
        sizing: BlockSizing(horizonMilliseconds: 10_000, largest: 16),
        commitAhead: CommitAhead(floor: options.aheadFloor, largest: options.aheadLargest)),
      makeName: { names.lease() })
    return Process(node: node, machine: machine, session: session, life: life)
  }

  /// Does what a machine asks for, and writes down what it tells.
  mutating func perform(_ actions: [MachineAction], of process: Int) {
    for action in actions {
      switch action {
      case .acquire(let plan): send(.acquire(plan), from: process)
      case .commit(let plan): send(.commit(plan), from: process)
      case .readBack(let leases): send(.readBack(leases), from: process)
      case .release(let items): send(.release(items), from: process)
      case .deliver(let id, let counter, let blocks): receive(id, counter, blocks, from: process)
      case .fail(let id, .capacityExhausted): if singles.contains(id) { exhausted.insert(process) }
      case .fail, .hint: break
      case .note(let note): hear(note, from: process)
      }
    }
  }

  mutating func send(_ call: Message.Call, from process: Int) {
    messages.append(
      Message(
        process: process, life: processes[process].life, session: processes[process].session,
        content: .call(call)))
  }

  private mutating func hear(_ note: MachineAction.Note, from process: Int) {
    notes[note.name, default: 0] += 1
    switch note {
    case .granted(_, let block): trace.add("  \(process) was granted \(block)")
    case .released(_, let givenBack): trace.add("  \(process) gave back \(givenBack)")
    case .incident(_, let story): violate(.incident, "process \(process): \(story)")
    case .abandoned(let count):
      atStake += count
      trace.add("  \(process) gave up \(count)")
    case .unreported(let count):
      // A process that was replaced may write nothing any more.
      if !processes[process].isReplaced {
        violate(.unlogged, "process \(process) dropped the lines of \(count) numbers")
      }
    case .fenced, .recalled, .resolved, .stocked, .recorded, .superseded:
      trace.add("  \(process) \(note.name)")
    }
  }
}

extension MachineAction.Note {
  var name: String {
    switch self {
    case .granted: "granted"
    case .fenced: "fenced"
    case .recalled: "recalled"
    case .released: "released"
    case .resolved: "resolved"
    case .stocked: "stocked"
    case .abandoned: "abandoned"
    case .recorded: "recorded"
    case .unreported: "unreported"
    case .incident: "incident"
    case .superseded: "superseded"
    }
  }
}
