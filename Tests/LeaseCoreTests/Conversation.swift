import Foundation
import LeaseCore
import SerialFormat
import Testing

/// A conversation with one machine: events in, actions out, names that can be foretold.
struct Conversation {
  static let counter = Counter(kind: .job, year: 2026)
  static let nextCounter = Counter(kind: .job, year: 2027)

  var machine: LeaseMachine
  var now = Instant(milliseconds: 0)

  init(
    settings: LeaseMachine.Settings = LeaseMachine.Settings(), namedYear: Int? = nil
  ) {
    let names = Names()
    machine = LeaseMachine(
      stream: IssueStream(kind: .job, namedYear: namedYear), settings: settings,
      makeName: { names.next() })
  }

  mutating func pass(_ milliseconds: Int) { now = now.advanced(byMilliseconds: milliseconds) }

  mutating func request(
    _ id: RequestID, _ count: Int = 1, within milliseconds: Int = 5_000,
    subject: String = "tester", key: IdempotencyKey? = nil, records: [String] = []
  ) -> [MachineAction] {
    machine.requested(
      Request(
        id: id, subject: subject, count: count,
        deadline: now.advanced(byMilliseconds: milliseconds), key: key, records: records),
      at: now)
  }

  /// The machine with one lease of `numbers`, of which everything is uncommitted.
  mutating func grant(
    _ numbers: ClosedRange<Int>, answering actions: [MachineAction], free: Int = 90_000,
    elsewhere: Int = 0, counter: Counter = counter
  ) throws -> [MachineAction] {
    let plan = try #require(actions.acquirePlan)
    let block = try #require(Block(first: numbers.lowerBound, last: numbers.upperBound))
    return machine.acquireAnswered(
      AcquireReply(
        outcome: .granted, counter: counter, grants: [.init(id: plan.leases[0].id, block: block)],
        free: free, leasedElsewhere: elsewhere), at: now)
  }

  mutating func commit(_ actions: [MachineAction], recalled: Bool = false) throws
    -> [MachineAction]
  { try answer(actions, .committed, recalled: recalled) }

  mutating func answer(
    _ actions: [MachineAction], _ outcome: CommitReply.Outcome, recalled: Bool = false
  ) throws -> [MachineAction] {
    let plan = try #require(actions.commitPlan)
    return machine.commitAnswered(
      CommitAnswer(
        leases: plan.raises.map {
          CommitReply(lease: $0.lease.id, outcome: outcome, recalled: recalled)
        }), at: now)
  }

  /// Answers a release: everything above what was handed out came back, unless something of it
  /// stays issued.
  mutating func release(_ actions: [MachineAction], issuedThrough: Int? = nil) throws
    -> [MachineAction]
  {
    let items = try #require(actions.releaseItems)
    return machine.releaseAnswered(
      items.map {
        ReleaseReply(
          lease: $0.lease.id, outcome: .released, givenBack: 0,
          issuedThrough: issuedThrough ?? $0.handedOut)
      }, at: now)
  }

  /// Renews every lease; the answer comes after some time.
  @discardableResult
  mutating func renew(answeredAfter milliseconds: Int = 0) throws -> [MachineAction] {
    let leases = machine.beginRenewal(at: now)
    try #require(!leases.isEmpty)
    pass(milliseconds)
    return machine.renewAnswered(
      leases.map { RenewReply(lease: $0.id, outcome: .live, recalled: false) }, at: now)
  }

  /// Refuses some of the requests of a commit: nothing of it is done.
  mutating func refuse(_ actions: [MachineAction], _ refused: RefusedRequest...) throws
    -> [MachineAction]
  {
    let plan = try #require(actions.commitPlan)
    return machine.commitAnswered(
      CommitAnswer(
        leases: plan.raises.map {
          CommitReply(lease: $0.lease.id, outcome: .notTried, recalled: false)
        }, refused: refused), at: now)
  }

  /// Says of numbers in a commit that records carry them: nothing of it is done.
  mutating func carried(_ actions: [MachineAction], _ numbers: Int...) throws -> [MachineAction] {
    let plan = try #require(actions.commitPlan)
    return machine.commitAnswered(
      CommitAnswer(
        leases: plan.raises.map {
          CommitReply(lease: $0.lease.id, outcome: .notTried, recalled: false)
        },
        recorded: numbers.map { RecordedNumber(lease: plan.raises[0].lease.id, number: $0) }),
      at: now)
  }

  /// Answers the read-back of a plan: done or not.
  mutating func readBack(_ plan: CommitPlan, done: Bool, outcome: ReadBackReply.Outcome = .live)
    -> [MachineAction]
  {
    machine.readBackAnswered(
      plan.raises.map {
        ReadBackReply(
          lease: $0.lease.id, outcome: outcome, committedThrough: done ? $0.through : $0.expected,
          revision: $0.revision + (done ? 1 : 0), attempt: $0.lease.attempt + 1, recalled: false)
      }, at: now)
  }

  private final class Names: Sendable {
    func next() -> AcquirePlan.Name { AcquirePlan.Name(id: LeaseID(UUID()), token: Token(UUID())) }
  }
}

extension RequestID {
  static func number(_ number: Int) -> RequestID {
    let digits = String(number)
    let text =
      "00000000-0000-0000-0000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return RequestID(UUID(uuidString: text) ?? UUID())
  }
}

extension [MachineAction] {
  var acquirePlan: AcquirePlan? {
    for case .acquire(let plan) in self { return plan }
    return nil
  }
  var commitPlan: CommitPlan? {
    for case .commit(let plan) in self { return plan }
    return nil
  }
  var releaseItems: [ReleaseItem]? {
    for case .release(let items) in self { return items }
    return nil
  }
  var readBackLeases: [LeaseReference]? {
    for case .readBack(let leases) in self { return leases }
    return nil
  }
  var notes: [MachineAction.Note] {
    compactMap { if case .note(let note) = $0 { note } else { nil } }
  }
  func delivered(to id: RequestID) -> [Block]? {
    for case .deliver(id, _, let blocks) in self { return blocks }
    return nil
  }
  func refusal(of id: RequestID) -> MachineAction.Refusal? {
    for case .fail(id, let refusal) in self { return refusal }
    return nil
  }
}

func block(_ first: Int, _ last: Int) -> Block {
  guard let block = Block(first: first, last: last) else { preconditionFailure("no such block") }
  return block
}
