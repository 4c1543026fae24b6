import LeaseCore
import SerialFormat
import Testing

/// Numbers that are committed before anybody asks: kept, handed out without the coordinator,
/// reported, given back.
struct CommitAheadTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  /// A machine with a floor of `floor`, which delivered 1 out of 1...100 and has 2...`floor` + 1
  /// committed ahead.
  private func ahead(_ floor: Int = 5) throws -> Conversation {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: floor, largest: 0)))
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(try talk.commit(granted).delivered(to: first) == [block(1, 1)])
    #expect(talk.machine.aheadCount == floor)
    return talk
  }

  // MARK: - Keeping it

  @Test func aFloorIsCommittedWithTheFirstRequestAndKept() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 4, largest: 0)))
    let asked = talk.request(first)
    #expect(asked.acquirePlan?.wanted == 5, "one for the request and four ahead")
    let granted = try talk.grant(1...100, answering: asked)
    let plan = try #require(granted.commitPlan)
    #expect(plan.raises.map(\.through) == [5])
    #expect(plan.raises.map(\.handedOut) == [0])
    #expect(plan.lines.map(\.block) == [block(1, 1)])
    #expect(try talk.commit(granted).commitPlan == nil)
    // the next is served at once, and reported
    let served = talk.request(second)
    #expect(served.delivered(to: second) == [block(2, 2)])
    let report = try #require(served.commitPlan)
    #expect(report.raises.map(\.expected) == [5])
    #expect(report.raises.map(\.through) == [5])
    #expect(report.raises.map(\.handedOut) == [2])
    #expect(report.lines.map(\.block) == [block(2, 2)])
    #expect(report.lines.map(\.delivered) == [true])
    #expect(report.lines.map(\.request) == [second])
    #expect(talk.machine.unreportedNumbers == [2])
    #expect(talk.request(third).delivered(to: third) == [block(3, 3)], "also meanwhile")
    #expect(talk.request(.number(4)).delivered(to: .number(4)) == [block(4, 4)])
    // less than half of the floor is left: it is filled up together with the report
    let next = try talk.commit(served)
    let raise = try #require(next.commitPlan)
    #expect(raise.raises.map(\.through) == [8])
    #expect(raise.raises.map(\.handedOut) == [4])
    #expect(raise.lines.map(\.block) == [block(3, 3), block(4, 4)])
    #expect(try talk.commit(next).commitPlan == nil)
    #expect(talk.machine.aheadCount == 4)
    #expect(talk.machine.unreportedNumbers.isEmpty)
  }

  @Test func aFarNodeCommitsTwoRoundTripsAheadAndANearOneNothing() throws {
    for (trip, through) in [(0, nil), (500, 109)] {
      var talk = Conversation(
        settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 0, largest: 50)))
      let granted = try talk.grant(1...1000, answering: talk.request(first, 100))
      #expect(granted.commitPlan?.raises.map(\.through) == [100])
      talk.pass(trip)
      // 100 numbers in ten seconds, a little decayed, and half a second for an answer
      let done = try talk.commit(granted)
      #expect(done.commitPlan?.raises.map(\.through) == through.map { [$0] }, "\(trip) ms")
      #expect(done.commitPlan?.lines.isEmpty ?? true)
    }
  }

  @Test func whatDoesNotFitIntoOneLeaseIsTakenFromTheNext() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 6, largest: 0)))
    let plan = try #require(talk.request(first).acquirePlan)
    let granted = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .granted, counter: Conversation.counter,
        grants: [
          .init(id: plan.leases[0].id, block: block(1, 4)),
          .init(id: plan.leases[1].id, block: block(50, 60)),
        ], free: 9_000, leasedElsewhere: 0), at: talk.now)
    #expect(granted.commitPlan?.raises.map(\.through) == [4, 52])
    _ = try talk.commit(granted)
    #expect(talk.request(second, 5).delivered(to: second) == [block(2, 4), block(50, 51)])
  }

  @Test func aRequestForMoreThanLiesAheadTakesItAndGoesOn() throws {
    var talk = try ahead(3)
    let asked = talk.request(second, 5)
    #expect(asked.delivered(to: second) == nil)
    let plan = try #require(asked.commitPlan)
    #expect(plan.lines.map(\.block) == [block(2, 4), block(5, 6)])
    #expect(plan.lines.allSatisfy { !$0.again && !$0.delivered })
    #expect(plan.raises.map(\.handedOut) == [1])
    #expect(plan.raises.map(\.through) == [9])
    #expect(talk.request(third).delivered(to: third) == nil, "nobody is overtaken")
    #expect(try talk.commit(asked).delivered(to: second) == [block(2, 4), block(5, 6)])
  }

  // MARK: - Nothing ahead

  @Test func nothingIsCommittedAheadWhileNumbersAreScarce() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 50, largest: 0)))
    let asked = talk.request(first)
    #expect(asked.acquirePlan?.wanted == 51)
    let granted = try talk.grant(1...10, answering: asked, free: 30)
    #expect(granted.commitPlan?.raises.map(\.through) == [1])
    _ = try talk.commit(granted)
    #expect(talk.machine.aheadCount == 0)
  }

  @Test func aRecallTakesWhatLiesAhead() throws {
    var talk = try ahead()
    let leases = talk.machine.beginRenewal(at: talk.now)
    let recalled = talk.machine.renewAnswered(
      [RenewReply(lease: leases[0].id, outcome: .live, recalled: true)], at: talk.now)
    #expect(recalled.commitPlan == nil)
    #expect(recalled.releaseItems?.map(\.handedOut) == [1])
    // nothing of it is handed out while it is on its way
    #expect(talk.request(second).delivered(to: second) == nil)
    _ = try talk.release(recalled)
    #expect(talk.machine.aheadCount == 0)
  }

  @Test func aRecallServesWhoWaitsAndCommitsNothingAhead() throws {
    var talk = try ahead()
    let asked = talk.request(second, 7)
    let waiting = talk.request(third, 2)
    #expect(waiting.isEmpty)
    let recalled = try talk.commit(asked, recalled: true)
    let plan = try #require(recalled.commitPlan)
    #expect(plan.lines.map(\.request) == [third])
    let lines = plan.lines.map(\.block.last).max()
    #expect(plan.raises.map(\.through) == [max(lines ?? 0, plan.raises[0].expected)])
    let done = try talk.commit(recalled)
    #expect(done.delivered(to: third) != nil)
    #expect(done.releaseItems?.count == 1)
  }

  @Test func anIdleNodeGivesBackWhatLiesAhead() throws {
    var talk = try ahead()
    talk.pass(15_000)
    let idle = talk.machine.ticked(at: talk.now)
    #expect(idle.commitPlan == nil)
    #expect(idle.releaseItems?.map(\.handedOut) == [1])
    _ = try talk.release(idle)
    #expect(talk.machine.isSpent)
    #expect(talk.machine.ticked(at: talk.now).isEmpty)
  }

  @Test func aDrainReportsAndGivesBackWhatLiesAhead() throws {
    var talk = try ahead()
    let served = talk.request(second, 2)
    let drained = talk.machine.drain(at: talk.now)
    #expect(drained.releaseItems == nil, "the report is under way")
    #expect(talk.request(third).refusal(of: third) == .draining)
    let reported = try talk.commit(served)
    #expect(reported.commitPlan == nil)
    #expect(reported.releaseItems?.map(\.handedOut) == [3])
    _ = try talk.release(reported)
    #expect(talk.machine.isSpent)
  }

  // MARK: - Without the coordinator

  @Test func whatLiesAheadIsHandedOutWhileTheCoordinatorIsAway() throws {
    var talk = try ahead(3)
    #expect(talk.machine.coordinatorWentAway(at: talk.now).isEmpty)
    // for longer than a time to live: the lease has expired meanwhile
    for number in 2...4 {
      talk.pass(20_000)
      #expect(talk.machine.ticked(at: talk.now).isEmpty)
      let id = RequestID.number(number)
      #expect(talk.request(id) == [.deliver(id, Conversation.counter, [block(number, number)])])
    }
    #expect(talk.request(.number(5)).refusal(of: .number(5)) == .coordinatorUnavailable)
    #expect(talk.machine.unreportedNumbers == [2, 3, 4])
    // it says afterwards who got them, and commits nothing in the lease, which may have expired
    let back = talk.machine.coordinatorCameBack(at: talk.now)
    let report = try #require(back.commitPlan)
    #expect(report.lines.map(\.block) == [block(2, 2), block(3, 3), block(4, 4)])
    #expect(report.lines.map(\.request) == [.number(2), .number(3), .number(4)])
    #expect(report.lines.map(\.delivered) == [true, true, true])
    #expect(report.raises.map(\.handedOut) == [4])
    #expect(report.raises.map { $0.through - $0.expected } == [0])
    #expect(back.releaseItems == nil)
    let done = try talk.commit(back)
    #expect(talk.machine.unreportedNumbers.isEmpty)
    #expect(done.releaseItems?.map(\.handedOut) == [4])
    #expect(talk.request(.number(6)).acquirePlan != nil)
  }

  @Test func aReportThatWasRefusedWithARaiseIsSentAlone() throws {
    var talk = try ahead()
    #expect(talk.machine.coordinatorWentAway(at: talk.now).isEmpty)
    for number in 2...5 { _ = talk.request(.number(number)) }
    talk.pass(1_000)
    let back = talk.machine.coordinatorCameBack(at: talk.now)
    #expect(back.commitPlan?.raises.map { $0.through - $0.expected } == [4], "filled up with it")
    let refused = try talk.answer(back, .expired)
    let report = try #require(refused.commitPlan)
    #expect(report.lines.map(\.block) == (2...5).map { block($0, $0) })
    #expect(report.raises.map { $0.through - $0.expected } == [0])
    #expect(refused.releaseItems == nil, "first it is written down")
    let done = try talk.commit(refused)
    #expect(done.releaseItems?.map(\.handedOut) == [5])
  }

  @Test func nothingIsGivenBackBeforeItsReportIsWritten() throws {
    var talk = try ahead()
    #expect(talk.request(second).delivered(to: second) == [block(2, 2)])
    #expect(talk.machine.commitFailed(.notDone, at: talk.now).isEmpty)
    // the report waits for its second try when the lease is asked back
    talk.pass(100)
    #expect(talk.machine.recalledAtHome(at: talk.now).releaseItems == nil)
    #expect(talk.machine.unreportedNumbers == [2])
    talk.pass(100)
    let report = talk.machine.ticked(at: talk.now)
    #expect(report.commitPlan?.lines.map(\.request) == [second])
    #expect(report.releaseItems == nil)
    #expect(try talk.commit(report).releaseItems?.map(\.handedOut) == [2])
  }

  /// A coordinator that had lost the release was told by the journal how far was committed. What it
  /// keeps above what was asked to be kept may have been granted to another node before that.
  @Test func whatStaysIssuedAboveWhatWasAskedToBeKeptIsHandedOutToNobody() throws {
    var talk = try ahead()
    talk.pass(15_000)
    let idle = talk.machine.ticked(at: talk.now)
    #expect(idle.releaseItems?.map(\.handedOut) == [1])
    #expect(try talk.release(idle, issuedThrough: 4).notes.contains(.abandoned(3)))
    #expect(talk.machine.aheadCount == 0)
    #expect(talk.request(second, 2).acquirePlan != nil)
  }

  // MARK: - Refusals

  @Test func aRefusedReportIsNotSentAgainAtOnce() throws {
    var talk = try ahead()
    let served = talk.request(second)
    let refused = try talk.answer(served, .noStandby)
    #expect(refused.commitPlan == nil)
    talk.pass(199)
    #expect(talk.machine.ticked(at: talk.now).commitPlan == nil)
    talk.pass(1)
    let again = talk.machine.ticked(at: talk.now)
    #expect(again.commitPlan?.lines.map(\.request) == [second])
  }

  @Test func anAnswerThatRefusesNobodyIsNotAskedForAtOnce() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(try talk.answer(granted, .notTried).commitPlan == nil)
    talk.pass(200)
    let again = talk.machine.ticked(at: talk.now)
    #expect(try talk.commit(again).delivered(to: first) == [block(1, 1)])
  }

  @Test func aFrozenCounterTakesTheReportAndGetsTheRestBack() throws {
    var talk = try ahead()
    let served = talk.request(second)
    for number in 3...5 { #expect(talk.request(.number(number)).commitPlan == nil) }
    // the first report went alone; the next raises as well
    var actions = try talk.commit(served)
    #expect(actions.commitPlan?.raises.map { $0.through - $0.expected } == [4])
    actions = try talk.answer(actions, .frozen)
    let report = try #require(actions.commitPlan)
    #expect(report.raises.map { $0.through - $0.expected } == [0])
    #expect(report.lines.map(\.request) == [.number(3), .number(4), .number(5)])
    let done = try talk.commit(actions)
    #expect(done.releaseItems?.map(\.handedOut) == [5])
    #expect(talk.request(.number(6)).delivered(to: .number(6)) == nil)
  }
}
