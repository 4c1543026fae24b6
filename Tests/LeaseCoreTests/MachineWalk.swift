import Foundation
import LeaseCore
import SerialFormat

/// One machine, the events that can happen to it, and what must never follow from them.
struct MachineWalk {
  enum Event: Equatable {
    case ask(Int)
    case askWithKey, askWithRecords
    case cancel
    case pass(Int)
    case year(Int)
    case away, back
    case drain, supersede
    case recallAtHome
    case forgetLeases
    case beginRenewal
    case renewed(RenewReply.Outcome, recalled: Bool)
    case renewFailed(CallFailure)
    case acquired(AcquireReply.Outcome, count: Int)
    case acquireFailed(CallFailure)
    case committed(CommitReply.Outcome, recalled: Bool)
    case committedForSome
    case refused(RefusedRequest.Reason)
    case numberRecorded
    case commitFailed(CallFailure)
    case readBack(ReadBackReply.Outcome, done: Bool)
    case readBackFailed(CallFailure)
    case released(ReleaseReply.Outcome)
    case releaseFailed(CallFailure)

    /// The machine issues nothing any more.
    var isEnd: Bool {
      self == .drain || self == .supersede || self == .acquired(.superseded, count: 0)
    }

    static let failures: [CallFailure] = [.unavailable, .notDone, .rejected, .unknown]

    static let all: [Event] =
      [
        .ask(1), .ask(4), .ask(1000), .askWithKey, .askWithRecords, .numberRecorded, .cancel,
        .pass(1), .pass(250), .pass(15_000),
        .year(2026), .year(2027), .away, .back, .drain, .supersede, .recallAtHome, .forgetLeases,
        .beginRenewal, .committedForSome, .committed(.committed, recalled: true),
        .renewed(.live, recalled: true), .readBack(.live, done: true),
        .readBack(.closed, done: true), .acquired(.granted, count: 9),
        .acquired(.granted, count: 1),
      ]
      + failures.flatMap {
        [
          .renewFailed($0), .acquireFailed($0), .commitFailed($0), .readBackFailed($0),
          .releaseFailed($0),
        ]
      } + RenewReply.Outcome.allCases.map { .renewed($0, recalled: false) }
      + AcquireReply.Outcome.allCases.map { .acquired($0, count: 0) }
      + CommitReply.Outcome.allCases.map { .committed($0, recalled: false) }
      + RefusedRequest.Reason.allCases.map { .refused($0) }
      + ReadBackReply.Outcome.allCases.map { .readBack($0, done: false) }
      + ReleaseReply.Outcome.allCases.map { .released($0) }
  }

  private(set) var violations: [String] = []
  private(set) var deliveredCount = 0
  private var talk: Conversation
  private var asked: Set<RequestID> = []
  private var answered: Set<RequestID> = []
  private var latest: RequestID?
  private var delivered: Set<Int> = []
  private var nextNumber = 1
  /// The latest statement of each kind: an answer to it may come at any time.
  private var acquire: AcquirePlan?
  private var commit: CommitPlan?
  private var readBackOf: CommitPlan?
  private var renewal: [LeaseReference] = []
  private var release: [ReleaseItem] = []
  private var granted: [LeaseID: Block] = [:]
  /// Committed by an answer that the machine was given; only this may be delivered.
  private var known: Set<Int> = []
  /// Numbers that records carry, of a commit or of somebody else.
  private var recorded: Set<Int> = []
  /// The highest number of each lease that has a line in the issue log: a release gives it not
  /// back.
  private var logged: [LeaseID: Int] = [:]
  /// When a statement that may have renewed a lease was sent last.
  private var renewing: [LeaseID: Instant] = [:]
  /// A statement on the active leases has no answer yet.
  private var isCommitting = false
  /// The machine waits for a read-back, and takes no answer to a commit.
  private var isUnresolved = false

  init(commitAhead: Int) {
    talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: commitAhead, largest: 9)))
  }

  // MARK: - Events

  mutating func apply(_ event: Event) {
    switch event {
    case .ask(let count): ask(count)
    case .askWithKey:
      ask(2, key: IdempotencyKey(route: "POST /", key: "k", requestHash: "digest"))
    case .askWithRecords: ask(2, records: ["a", "b"])
    case .cancel:
      guard let latest else { return }
      answered.insert(latest)
      take(talk.machine.cancelled(latest, at: talk.now))
    case .pass(let milliseconds):
      talk.pass(milliseconds)
      take(talk.machine.ticked(at: talk.now))
    case .year(let year):
      talk.machine.clockSays(year: year)
      take(talk.machine.ticked(at: talk.now))
    case .away: take(talk.machine.coordinatorWentAway(at: talk.now))
    case .back: take(talk.machine.coordinatorCameBack(at: talk.now))
    case .drain: take(talk.machine.drain(at: talk.now))
    case .supersede: take(talk.machine.superseded(at: talk.now))
    case .recallAtHome: take(talk.machine.recalledAtHome(at: talk.now))
    case .forgetLeases:
      isCommitting = false
      take(talk.machine.leasesForgotten(at: talk.now))
    case .beginRenewal:
      let leases = talk.machine.beginRenewal(at: talk.now)
      if !leases.isEmpty { renewal = leases }
      for lease in leases {
        if hasLapsed(lease.id) { violations.append("a renewal of a lease that may have expired") }
        renewing[lease.id] = talk.now
      }
    default: applyAnswer(event)
    }
  }

  private mutating func applyAnswer(_ event: Event) {
    switch event {
    case .renewed(let outcome, let recalled):
      let replies = renewal.map { RenewReply(lease: $0.id, outcome: outcome, recalled: recalled) }
      take(talk.machine.renewAnswered(replies, at: talk.now))
    case .renewFailed(let failure): take(talk.machine.renewFailed(failure, at: talk.now))
    case .acquired(let outcome, let count): grant(outcome, count)
    case .acquireFailed(let failure): take(talk.machine.acquireFailed(failure, at: talk.now))
    case .committed(let outcome, let recalled): answerCommit(outcome, recalled: recalled)
    case .committedForSome:
      isUnresolved = isUnresolved || isCommitting
      take(talk.machine.commitAnswered(CommitAnswer(leases: []), at: talk.now))
    case .refused(let reason): refuse(reason)
    case .numberRecorded: recordNumber()
    case .commitFailed(let failure): failCommit(failure)
    case .readBack(let outcome, let done): answerReadBack(outcome, done: done)
    case .readBackFailed(let failure): take(talk.machine.readBackFailed(failure, at: talk.now))
    case .released(let outcome):
      let replies = release.map {
        ReleaseReply(
          lease: $0.lease.id, outcome: outcome, givenBack: 0, issuedThrough: staysIssued($0))
      }
      take(talk.machine.releaseAnswered(replies, at: talk.now))
    case .releaseFailed(let failure): take(talk.machine.releaseFailed(failure, at: talk.now))
    default: break
    }
  }

  private mutating func ask(_ count: Int, key: IdempotencyKey? = nil, records: [String] = []) {
    let id = RequestID(UUID())
    asked.insert(id)
    latest = id
    take(talk.request(id, count, key: key, records: records))
  }

  /// A grant is always of numbers that were never granted before.
  private mutating func grant(_ outcome: AcquireReply.Outcome, _ count: Int) {
    guard let acquire else { return }
    var grants: [AcquireReply.Grant] = []
    if outcome == .granted, count > 0, granted[acquire.leases[0].id] == nil,
      let block = Block(first: nextNumber, count: count)
    {
      nextNumber += count
      granted[acquire.leases[0].id] = block
      grants = [.init(id: acquire.leases[0].id, block: block)]
    }
    let reply = AcquireReply(
      outcome: outcome, counter: Conversation.counter, grants: grants,
      free: count > 1 ? 50_000 : 0, leasedElsewhere: count, reserved: count)
    take(talk.machine.acquireAnswered(reply, at: talk.now))
  }

  private mutating func answerCommit(_ outcome: CommitReply.Outcome, recalled: Bool) {
    guard let commit else { return }
    if outcome == .committed {
      learn(commit)
      if isCommitting, !isUnresolved { learnRecords(of: commit) }
    }
    isCommitting = false
    let replies = commit.raises.map {
      CommitReply(lease: $0.lease.id, outcome: outcome, recalled: recalled)
    }
    take(talk.machine.commitAnswered(CommitAnswer(leases: replies), at: talk.now))
  }

  private mutating func refuse(_ reason: RefusedRequest.Reason) {
    guard let commit, let line = commit.lines.first(where: { !$0.delivered }) else { return }
    isCommitting = false
    let replies = commit.raises.map {
      CommitReply(lease: $0.lease.id, outcome: .notTried, recalled: false)
    }
    let refused = RefusedRequest(request: line.request, reason: reason, retryMilliseconds: 900)
    take(
      talk.machine.commitAnswered(CommitAnswer(leases: replies, refused: [refused]), at: talk.now))
  }

  /// A record carries the first number that is to be handed out.
  private mutating func recordNumber() {
    guard let commit, let line = commit.lines.first(where: { !$0.delivered }) else { return }
    if isCommitting, !isUnresolved { recorded.insert(line.block.first) }
    isCommitting = false
    let replies = commit.raises.map {
      CommitReply(lease: $0.lease.id, outcome: .notTried, recalled: false)
    }
    let number = RecordedNumber(lease: line.lease, number: line.block.first)
    take(
      talk.machine.commitAnswered(CommitAnswer(leases: replies, recorded: [number]), at: talk.now))
  }

  private mutating func failCommit(_ failure: CallFailure) {
    guard commit != nil else { return }
    if failure == .unknown { isUnresolved = isUnresolved || isCommitting }
    if failure != .unknown { isCommitting = false }
    take(talk.machine.commitFailed(failure, at: talk.now))
  }

  private mutating func answerReadBack(_ outcome: ReadBackReply.Outcome, done: Bool) {
    guard let plan = readBackOf else { return }
    if done { learn(plan) }
    isCommitting = false
    let actions = talk.readBack(plan, done: done, outcome: outcome)
    isUnresolved = false
    if actions.notes.contains(.resolved(committed: true)) { learnRecords(of: plan) }
    take(actions)
  }

  private mutating func learn(_ plan: CommitPlan) {
    for raise in plan.raises where raise.expected < raise.through {
      known.formUnion(raise.expected + 1...raise.through)
    }
    for line in plan.lines { logged[line.lease] = max(logged[line.lease] ?? 0, line.block.last) }
  }

  private mutating func learnRecords(of plan: CommitPlan) {
    let owners = Set(plan.records.map(\.request))
    for line in plan.lines where owners.contains(line.request) {
      recorded.formUnion(line.block.numbers)
    }
  }

  /// What the coordinator keeps of a lease that is released.
  private func staysIssued(_ item: ReleaseItem) -> Int {
    max(item.handedOut, logged[item.lease.id] ?? 0)
  }

  // MARK: - What must hold

  private mutating func take(_ actions: [MachineAction]) {
    for action in actions {
      switch action {
      case .acquire(let plan):
        acquire = plan
        for lease in plan.leases where renewing[lease.id] == nil { renewing[lease.id] = talk.now }
      case .commit(let plan): check(plan)
      case .readBack: readBackOf = commit
      case .release(let items): check(items)
      case .deliver(let id, _, let blocks):
        answer(id)
        for number in blocks.flatMap(\.numbers) {
          deliveredCount += 1
          if !delivered.insert(number).inserted { violations.append("\(number) twice") }
          if !known.contains(number) { violations.append("\(number) before it was committed") }
        }
      case .fail(let id, _): answer(id)
      case .hint, .note: break
      }
    }
  }

  private mutating func answer(_ id: RequestID) {
    if !asked.contains(id) { violations.append("an answer to nobody") }
    if !answered.insert(id).inserted { violations.append("two answers to one request") }
  }

  private mutating func check(_ plan: CommitPlan) {
    if isCommitting { violations.append("two statements at once") }
    isCommitting = true
    isUnresolved = false
    commit = plan
    for line in plan.lines where !line.delivered {
      if let number = line.block.numbers.first(where: recorded.contains) {
        violations.append("\(number) is in a record and to be handed out")
      }
    }
    let releasing = Set(release.map(\.lease.id))
    for raise in plan.raises {
      guard let block = granted[raise.lease.id] else {
        violations.append("a raise of a lease that was not granted")
        continue
      }
      let isInOrder =
        block.first - 1 <= raise.handedOut && raise.handedOut <= raise.through
        && raise.expected <= raise.through && raise.through <= block.last
      if !isInOrder { violations.append("a raise that is out of order: \(raise)") }
      if releasing.contains(raise.lease.id), raise.through > raise.expected {
        violations.append("a raise of a lease that was given back")
      }
      if !hasLapsed(raise.lease.id) {
        renewing[raise.lease.id] = talk.now
      } else if raise.through > raise.expected {
        violations.append("a raise of a lease that may have expired")
      }
    }
    for line in plan.lines {
      guard let raise = plan.raises.first(where: { $0.lease.id == line.lease }),
        line.block.last <= (line.delivered || line.again ? raise.expected : raise.through)
      else {
        violations.append("a line outside of its raise")
        continue
      }
      if line.delivered != line.block.numbers.allSatisfy(delivered.contains) {
        violations.append("\(line.block): a line that is wrong about who has it")
      }
      if !line.delivered, line.block.numbers.contains(where: delivered.contains) {
        violations.append("\(line.block) is to be handed out again")
      }
    }
  }

  /// Nothing was sent for it in almost its time to live.
  private func hasLapsed(_ lease: LeaseID) -> Bool {
    renewing[lease].map { talk.now.milliseconds(since: $0) >= 14_250 } ?? true
  }

  private mutating func check(_ items: [ReleaseItem]) {
    release = items
    for item in items {
      guard let block = granted[item.lease.id] else {
        violations.append("a release of a lease that was not granted")
        continue
      }
      let through = staysIssued(item)
      if let above = block.above(through), above.numbers.contains(where: delivered.contains) {
        violations.append("\(block) is given back above \(through), and somebody has it")
      }
      if isCommitting, commit?.raises.contains(where: { $0.lease.id == item.lease.id }) == true {
        violations.append("a release of a lease with a statement under way")
      }
    }
  }
}

extension MachineWalk {
  /// The states of the machine's slots and phases, by a way that leads there.
  enum States: CaseIterable {
    case idle, acquiring, acquireWaiting, acquireRepeating, recalling, grantsClosed
    case committing, unresolved, unresolvedWaiting, committedAndHolding, stocked
    case renewing, releasing, releaseWaiting
    case away, awayUnresolved, draining, drainingReleasing, superseded, supersededUnresolved
  }

  private static func way(to state: States) -> [Event] {
    let committing: [Event] = [.ask(1), .acquired(.granted, count: 9)]
    let holding = committing + [.committed(.committed, recalled: false)]
    switch state {
    case .idle: return []
    case .acquiring: return [.ask(1)]
    case .acquireWaiting: return [.ask(1), .acquireFailed(.notDone)]
    case .acquireRepeating: return [.ask(1), .acquireFailed(.unknown)]
    case .recalling: return [.ask(1), .acquired(.none, count: 1)]
    case .grantsClosed: return [.ask(1), .acquired(.grantsClosed, count: 0)]
    case .committing: return committing
    case .unresolved: return committing + [.commitFailed(.unknown)]
    case .unresolvedWaiting:
      return committing + [.commitFailed(.unknown), .readBackFailed(.notDone)]
    case .committedAndHolding: return holding
    case .stocked: return committing + [.cancel, .committed(.committed, recalled: false)]
    case .renewing: return holding + [.beginRenewal]
    case .releasing: return holding + [.pass(15_000)]
    case .releaseWaiting: return holding + [.pass(15_000), .releaseFailed(.unknown)]
    case .away: return holding + [.away]
    case .awayUnresolved: return committing + [.commitFailed(.unknown), .away]
    case .draining: return committing + [.drain]
    case .drainingReleasing: return holding + [.drain]
    case .superseded: return holding + [.supersede]
    case .supersededUnresolved: return committing + [.commitFailed(.unknown), .supersede]
    }
  }

  static func reaching(_ state: States, commitAhead: Int) -> MachineWalk {
    var walk = MachineWalk(commitAhead: commitAhead)
    for event in way(to: state) { walk.apply(event) }
    return walk
  }

  /// The way led where it was to lead.
  func isAsNamed(_ state: States) -> Bool {
    let machine = talk.machine
    switch state {
    case .idle, .superseded: return machine.isEmpty
    case .acquiring, .acquireWaiting, .acquireRepeating, .recalling, .grantsClosed:
      return acquire != nil && machine.waitingCount == 1
    case .committing: return isCommitting
    case .unresolved, .unresolvedWaiting, .awayUnresolved, .supersededUnresolved:
      return isCommitting && readBackOf != nil
    case .committedAndHolding, .away: return deliveredCount == 1 && machine.heldLeases.count == 1
    case .stocked: return deliveredCount == 0 && machine.atStakeCount >= 1
    case .renewing: return renewal.count == 1
    case .releasing, .releaseWaiting, .drainingReleasing: return release.count == 1
    case .draining: return isCommitting && !machine.isEmpty
    }
  }
}
