import LeaseCore
import SerialFormat
import Testing

/// Rule 7: a lease that may have expired is neither raised nor renewed, by the node's own clock. It lapses
/// 14,250 of its 15,000 milliseconds after the statement was sent that renewed it last.
struct LapseTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  /// A machine with a lease of 1...100, asked for and renewed last at 0, of which 1 was delivered.
  private func holding(ahead: Int = 0) throws -> Conversation {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: ahead, largest: 0)))
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(try talk.commit(granted).delivered(to: first) == [block(1, 1)])
    return talk
  }

  /// The lease can be committed in just before a moment, and in a copy of the machine not at that moment.
  private func expectLapse(of talk: Conversation, at moment: Int64) throws {
    var talk = talk
    talk.pass(Int(moment - talk.now.milliseconds) - 1)
    var early = talk
    #expect(early.request(second).commitPlan?.raises.map(\.through) == [2])
    talk.pass(1)
    let late = talk.request(second)
    #expect(late.commitPlan == nil)
    #expect(late.acquirePlan?.needed == 1)
    #expect(late.releaseItems?.map(\.handedOut) == [1])
    #expect(late.notes.contains { if case .fenced(_, "lapsed") = $0 { true } else { false } })
  }

  @Test func aLeaseThatMayHaveExpiredIsGivenBackAndNotUsed() throws {
    var talk = try holding()
    try expectLapse(of: talk, at: 14_250)
    talk.pass(14_250)
    #expect(talk.machine.beginRenewal(at: talk.now).isEmpty)
    #expect(talk.machine.ticked(at: talk.now).releaseItems?.map(\.handedOut) == [1])
  }

  @Test func aTickAloneGivesItBack() throws {
    var talk = try holding()
    talk.pass(14_249)
    #expect(talk.machine.ticked(at: talk.now).isEmpty)
    talk.pass(1)
    #expect(talk.machine.ticked(at: talk.now).releaseItems?.map(\.handedOut) == [1])
  }

  // MARK: - What renews it, and from when

  @Test func anAnswerExtendsFromWhenTheStatementWasSent() throws {
    var talk = try holding()
    talk.pass(5_000)
    try talk.renew(answeredAfter: 9_249)
    try expectLapse(of: talk, at: 19_250)
  }

  @Test func anAnswerAfterItLapsedDoesNotReviveIt() throws {
    var talk = try holding()
    talk.pass(5_000)
    let late = try talk.renew(answeredAfter: 9_250)
    #expect(late.releaseItems?.map(\.handedOut) == [1])
    #expect(talk.request(second).commitPlan == nil)
  }

  @Test func aCommitExtendsFromWhenItWasSent() throws {
    var talk = try holding()
    talk.pass(5_000)
    let asked = talk.request(third)
    talk.pass(9_000)
    #expect(try talk.commit(asked).delivered(to: third) == [block(2, 2)])
    talk.pass(5_249)
    var early = talk
    #expect(early.request(second).commitPlan?.raises.map(\.through) == [3])
    talk.pass(1)
    #expect(talk.request(second).commitPlan == nil)
  }

  @Test(arguments: [true, false])
  func aReadBackExtendsOnlyWhatWasDone(done: Bool) throws {
    var talk = try holding()
    talk.pass(5_000)
    let plan = try #require(talk.request(third).commitPlan)
    #expect(talk.machine.commitFailed(.unknown, at: talk.now).readBackLeases != nil)
    talk.pass(9_000)
    _ = talk.machine.cancelled(third, at: talk.now)
    let found = talk.readBack(plan, done: done)
    #expect(found.notes.contains(.resolved(committed: done)))
    talk.pass(done ? 5_249 : 249)
    var early = talk
    #expect(early.request(second, 5).commitPlan != nil)
    talk.pass(1)
    #expect(talk.request(second, 5).commitPlan == nil)
  }

  @Test func anAcquireCountsFromItsFirstSending() throws {
    var talk = Conversation()
    let plan = try #require(talk.request(first, within: 60_000).acquirePlan)
    for _ in 0..<2 {
      #expect(talk.machine.acquireFailed(.unknown, at: talk.now).isEmpty)
      talk.pass(5_000)
      #expect(talk.machine.ticked(at: talk.now).acquirePlan == plan)
    }
    let granted = try talk.grant(1...100, answering: [.acquire(plan)])
    #expect(try talk.commit(granted).delivered(to: first) == [block(1, 1)])
    // the commit that followed renewed it
    try expectLapse(of: talk, at: 24_250)
  }

  @Test func whatAnAcquireGrantedTooLateIsGivenBackAtOnce() throws {
    var talk = Conversation()
    let asked = talk.request(first, within: 60_000)
    let plan = try #require(asked.acquirePlan)
    #expect(talk.machine.acquireFailed(.unknown, at: talk.now).isEmpty)
    talk.pass(14_250)
    #expect(talk.machine.ticked(at: talk.now).acquirePlan == plan)
    let granted = try talk.grant(1...100, answering: asked)
    #expect(granted.commitPlan == nil)
    #expect(granted.releaseItems?.map(\.handedOut) == [0])
    // who waits is served from the next
    let again = try talk.grant(201...300, answering: granted)
    #expect(try talk.commit(again).delivered(to: first) == [block(201, 201)])
  }

  @Test func aCommitSaysUntilWhenItMayBeSent() throws {
    var talk = try holding(ahead: 1)
    talk.pass(3_000)
    #expect(talk.request(second, 3).commitPlan?.sendBefore == Instant(milliseconds: 14_250))
    var lines = try holding(ahead: 5)
    let plan = try #require(lines.request(second).commitPlan)
    #expect(plan.raises.map { $0.through - $0.expected } == [0])
    #expect(plan.sendBefore == nil)
  }

  // MARK: - A statement that was under way when it lapsed

  @Test func whatACommitConfirmsAfterItLapsedIsHandedOut() throws {
    var talk = try holding()
    talk.pass(14_249)
    let asked = talk.request(second, 2, within: 60_000)
    #expect(asked.commitPlan?.raises.map(\.through) == [3])
    talk.pass(1)
    #expect(talk.request(third, within: 60_000).commitPlan == nil)
    let done = try talk.commit(asked)
    #expect(done.delivered(to: second) == [block(2, 3)])
    #expect(done.commitPlan == nil)
    #expect(done.releaseItems?.map(\.handedOut) == [3])
    let granted = try talk.grant(201...300, answering: done)
    #expect(try talk.commit(granted).delivered(to: third) == [block(201, 201)])
  }

  @Test func whatWasNotDoneBeforeItLapsedIsServedFromAnother() throws {
    var talk = try holding()
    talk.pass(14_249)
    let plan = try #require(talk.request(second, within: 60_000).commitPlan)
    #expect(talk.machine.commitFailed(.unknown, at: talk.now).readBackLeases != nil)
    talk.pass(1)
    let found = talk.readBack(plan, done: false)
    #expect(found.commitPlan == nil)
    #expect(found.releaseItems?.map(\.handedOut) == [1])
    let granted = try talk.grant(201...300, answering: found)
    #expect(try talk.commit(granted).delivered(to: second) == [block(201, 201)])
  }

  /// The coordinator takes a commit that raises nothing in an expired lease, too, and does not renew it.
  @Test func aCommitThatRaisedNothingAndWasAnsweredTooLateDoesNotRenew() throws {
    var talk = try holding(ahead: 5)
    talk.pass(14_249)
    let served = talk.request(second)
    #expect(served.delivered(to: second) == [block(2, 2)])
    #expect(served.commitPlan?.raises.map { $0.through - $0.expected } == [0])
    talk.pass(1_000)
    #expect(try talk.commit(served).releaseItems?.map(\.handedOut) == [2])
    #expect(talk.request(third, 9).commitPlan == nil)
  }

  // MARK: - Lines

  @Test func whatWasHandedOutIsWrittenDownBeforeItGoesBack() throws {
    var talk = try holding(ahead: 5)
    let served = talk.request(second)
    #expect(served.commitPlan?.lines.map(\.request) == [second])
    #expect(talk.machine.commitFailed(.notDone, at: talk.now).isEmpty)
    talk.pass(14_250)
    // the lines alone: nothing is raised, neither for them nor for what is to lie ahead
    let report = talk.machine.ticked(at: talk.now)
    #expect(report.commitPlan?.lines.map(\.request) == [second])
    #expect(report.commitPlan?.raises.map { $0.through - $0.expected } == [0])
    #expect(report.releaseItems == nil)
    let done = try talk.commit(report)
    #expect(done.notes.allSatisfy { if case .unreported = $0 { false } else { true } })
    #expect(done.releaseItems?.map(\.handedOut) == [2])
    #expect(talk.machine.unreportedNumbers.isEmpty)
    _ = try talk.release(done)
    #expect(talk.machine.isSpent)
  }

  @Test func whatLiesAheadIsHandedOutWhileTheCoordinatorIsAwayAndGivenBackAfterwards() throws {
    var talk = try holding(ahead: 5)
    _ = talk.machine.coordinatorWentAway(at: talk.now)
    talk.pass(3_600_000)
    #expect(talk.machine.ticked(at: talk.now).isEmpty)
    #expect(talk.request(second).delivered(to: second) == [block(2, 2)])
    let back = talk.machine.coordinatorCameBack(at: talk.now)
    #expect(back.commitPlan?.raises.map { $0.through - $0.expected } == [0])
    #expect(talk.request(third).delivered(to: third) == nil, "it is on its way back")
    #expect(try talk.commit(back).releaseItems?.map(\.handedOut) == [2])
  }

  @Test func aCommitTakesNoLeaseWithItThatHasLapsed() throws {
    var talk = Conversation()
    let plan = try #require(talk.request(first).acquirePlan)
    let granted = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .granted, counter: Conversation.counter,
        grants: [
          .init(id: plan.leases[0].id, block: block(1, 10)),
          .init(id: plan.leases[1].id, block: block(50, 60)),
        ], free: 9_000, leasedElsewhere: 0), at: talk.now)
    talk.pass(1_000)
    _ = try talk.commit(granted)
    // the first was not renewed by a commit sent later than at 0
    talk.pass(3_000)
    _ = try talk.commit(talk.request(second))
    talk.pass(10_250)
    let asked = talk.request(third)
    #expect(asked.commitPlan?.raises.map(\.lease.id) == [plan.leases[0].id])
    #expect(asked.releaseItems?.map(\.lease.id) == [plan.leases[1].id])
  }
}
