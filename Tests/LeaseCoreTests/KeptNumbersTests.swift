import LeaseCore
import SerialFormat
import Testing

/// What was handed out ahead is never given back, also when no line of the issue log says so; and a hole
/// that stays issued stops nobody.
struct KeptNumbersTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)
  let fourth = RequestID.number(4)

  /// 1 is issued to the first caller, 2...6 lie ahead.
  private func ahead() throws -> Conversation {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 5, largest: 0)))
    _ = try talk.commit(try talk.grant(1...100, answering: talk.request(first)))
    return talk
  }

  private func keyed(_ talk: inout Conversation) throws -> [MachineAction] {
    let key = try #require(IdempotencyKey(route: "r", key: "k", requestHash: "h"))
    return talk.request(second, key: key)
  }

  /// 2 is a hole that stays issued, below 3, which has a line. The lease is closed.
  private func hole() throws -> Conversation {
    var talk = try ahead()
    let commit = try keyed(&talk)
    #expect(talk.request(third).delivered(to: third) == [block(3, 3)])
    let refused = try talk.refuse(commit, RefusedRequest(request: second, reason: .keyTaken))
    _ = try talk.commit(refused)
    talk.pass(15_000)
    _ = try talk.release(talk.machine.ticked(at: talk.now), issuedThrough: 3)
    #expect(talk.machine.aheadCount == 1)
    return talk
  }

  @Test func aHoleIsTheNextRequestsAndIsReported() throws {
    var talk = try hole()
    let served = talk.request(fourth)
    #expect(served.delivered(to: fourth) == [block(2, 2)])
    let plan = try #require(served.commitPlan)
    #expect(plan.lines.map(\.block) == [block(2, 2)])
    #expect(plan.lines.map(\.again) == [false])
    #expect(plan.raises.map { $0.through - $0.expected } == [0])
    // who wants two waits for a grant
    let asked = try talk.commit(served) + talk.request(.number(5), 2)
    #expect(asked.acquirePlan != nil)
  }

  @Test func holesOfAYearThatIsOverAreAbandoned() throws {
    var talk = try hole()
    let asked = talk.request(fourth, 4)
    let granted = try talk.grant(1...100, answering: asked, counter: Conversation.nextCounter)
    #expect(granted.notes.contains(.abandoned(1)))
    #expect(talk.machine.aheadCount == 0)
    #expect(granted.commitPlan?.lines.map(\.block) == [block(1, 4)])
  }

  @Test func aDrainAbandonsHoles() throws {
    var talk = try hole()
    #expect(talk.machine.drain(at: talk.now).notes == [.abandoned(1)])
    #expect(talk.machine.isSpent)
  }

  @Test func aReportThatWasRejectedKeepsItsNumber() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 5, largest: 0)))
    let granted = try talk.grant(1...100, answering: talk.request(first))
    _ = talk.machine.cancelled(first, at: talk.now)
    // 1 is in the stock, with a line
    _ = try talk.commit(granted)
    #expect(talk.request(second).delivered(to: second) == [block(2, 2)])
    _ = talk.machine.commitFailed(.rejected, at: talk.now)
    let released = talk.machine.drain(at: talk.now).releaseItems
    #expect(released?.map(\.handedOut) == [2])
  }

  @Test func aSupersededProcessKeepsWhatItHandedOutAboveAHole() throws {
    var talk = try ahead()
    let commit = try keyed(&talk)
    #expect(talk.request(third).delivered(to: third) == [block(3, 3)])
    let closed = try talk.answer(commit, .closed)
    let again = closed.commitPlan == nil ? closed : try talk.answer(closed, .closed)
    #expect(again.releaseItems?.map(\.handedOut) == [3])
  }

  /// A restored coordinator may have lost the lines that kept these numbers.
  @Test func aReleaseSaysWhatIsInTheHandsOfCallersAndTrustsNoLine() throws {
    var talk = try ahead()
    let commit = try keyed(&talk)
    #expect(talk.request(third).delivered(to: third) == [block(3, 3)])
    let refused = try talk.refuse(commit, RefusedRequest(request: second, reason: .keyTaken))
    // the line of 3 is written; 2 is a hole, 4...6 lie ahead
    _ = try talk.commit(refused)
    talk.pass(15_000)
    let idle = talk.machine.ticked(at: talk.now)
    #expect(idle.releaseItems?.map(\.handedOut) == [3])
    _ = try talk.release(idle, issuedThrough: 3)
    #expect(talk.machine.aheadCount == 1)
  }

  @Test func aRejectedCommitThatOnlyRaisesAheadPauses() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 5, largest: 0)))
    var actions = try talk.grant(1...100, answering: talk.request(first))
    var sent = 0
    while actions.commitPlan != nil, sent < 100 {
      sent += 1
      actions = talk.machine.commitFailed(.rejected, at: talk.now)
    }
    #expect(sent < 5, "\(sent) statements without a pause")
  }

  @Test func aHoleOfAYearThatIsOverStopsNobody() throws {
    var talk = try hole()
    talk.machine.clockSays(year: 2027)
    _ = talk.machine.ticked(at: talk.now)
    var actions = talk.request(fourth)
    var sent = 0
    while actions.commitPlan != nil, sent < 100 {
      sent += 1
      actions = try talk.answer(actions, .yearOver)
      if actions.acquirePlan != nil { break }
    }
    #expect(sent < 5, "\(sent) statements without a pause")
    #expect(actions.acquirePlan != nil, "the new year is asked for")
  }
}
