import LeaseCore
import SerialFormat
import Testing

/// Rule 6: a request that was sent and not answered is unknown, never failed and never done.
struct UnknownOutcomeTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  /// A machine whose commit for `first` (2 numbers from 1...100) has lost its reply.
  private func lost(_ talk: inout Conversation) throws -> CommitPlan {
    let granted = try talk.grant(1...100, answering: talk.request(first, 2))
    let plan = try #require(granted.commitPlan)
    #expect(
      talk.machine.commitFailed(.unknown, at: talk.now).readBackLeases
        == plan.raises.map(\.lease.next))
    return plan
  }

  @Test func whatWasCommittedIsDeliveredToWhoStillWaits() throws {
    var talk = Conversation()
    let plan = try lost(&talk)
    let found = talk.readBack(plan, done: true)
    #expect(found.delivered(to: first) == [block(1, 2)])
    #expect(found.notes.contains(.resolved(committed: true)))
    let next = try #require(talk.request(second).commitPlan)
    #expect(next.raises[0].lease.attempt == 1)
    #expect(next.raises[0].revision == 1)
    #expect(next.raises[0].expected == 2)
  }

  @Test func whatWasNotCommittedIsTriedAgainUnderANewAttempt() throws {
    var talk = Conversation()
    let plan = try lost(&talk)
    let found = talk.readBack(plan, done: false)
    #expect(found.delivered(to: first) == nil)
    let again = try #require(found.commitPlan)
    #expect(again.raises[0].lease.attempt == 1)
    #expect(again.raises[0].revision == 0)
    #expect(again.raises[0].expected == 0)
    #expect(try talk.commit(found).delivered(to: first) == [block(1, 2)])
  }

  @Test func nothingElseIsSentForTheLeaseMeanwhile() throws {
    var talk = Conversation()
    _ = try lost(&talk)
    #expect(talk.request(second).commitPlan == nil)
    #expect(talk.machine.beginRenewal(at: talk.now).isEmpty)
    #expect(talk.machine.drain(at: talk.now).isEmpty)
    talk.pass(100_000)
    let ticked = talk.machine.ticked(at: talk.now)
    #expect(ticked.commitPlan == nil)
    #expect(ticked.releaseItems == nil)
  }

  @Test func theCallerIsToldWithinTheGrace() throws {
    var talk = Conversation()
    _ = try lost(&talk)
    talk.pass(499)
    #expect(talk.machine.ticked(at: talk.now).refusal(of: first) == nil)
    talk.pass(1)
    #expect(talk.machine.ticked(at: talk.now).refusal(of: first) == .outcomeUnknown)
  }

  @Test func numbersWithoutACallerGoToTheStockAndToTheNextRequest() throws {
    var talk = Conversation()
    let plan = try lost(&talk)
    talk.pass(500)
    _ = talk.machine.ticked(at: talk.now)
    let found = talk.readBack(plan, done: true)
    #expect(found.notes.contains(.stocked(2)))
    let asked = talk.request(second, 3)
    let commit = try #require(asked.commitPlan)
    #expect(commit.lines.map(\.block) == [block(1, 2), block(3, 3)])
    #expect(commit.lines.map(\.again) == [true, false])
    #expect(commit.lines.map(\.request) == [second, second])
    #expect(commit.raises[0].handedOut == 0, "the stock was handed to nobody")
    #expect(try talk.commit(asked).delivered(to: second) == [block(1, 2), block(3, 3)])
    #expect(talk.request(third).commitPlan?.lines.map(\.block) == [block(4, 4)])
  }

  @Test func theStockOfALeaseThatExpiredIsStillHandedOut() throws {
    var talk = Conversation()
    let plan = try lost(&talk)
    talk.pass(500)
    _ = talk.machine.ticked(at: talk.now)
    let found = talk.readBack(plan, done: true, outcome: .closed)
    #expect(found.notes.contains(.fenced(plan.raises[0].lease.id, "closed")))
    let asked = talk.request(second, 2)
    let commit = try #require(asked.commitPlan)
    #expect(commit.raises.map { $0.through - $0.expected } == [0])
    #expect(commit.lines.map(\.again) == [true])
    #expect(try talk.commit(asked).delivered(to: second) == [block(1, 2)])
    // and nothing more of it
    #expect(talk.request(third).commitPlan == nil)
  }

  @Test func aCallerWhoWentAwayLeavesItsNumbersToTheNext() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 2))
    #expect(talk.machine.cancelled(first, at: talk.now).isEmpty)
    let done = try talk.commit(granted)
    #expect(done.delivered(to: first) == nil)
    #expect(done.notes.contains(.stocked(2)))
    #expect(talk.request(second, 2).commitPlan?.lines.map(\.block) == [block(1, 2)])
  }

  @Test func aReadBackThatIsLostIsRepeated() throws {
    var talk = Conversation()
    let plan = try lost(&talk)
    #expect(talk.machine.readBackFailed(.unknown, at: talk.now).isEmpty)
    talk.pass(199)
    #expect(talk.machine.ticked(at: talk.now).readBackLeases == nil)
    talk.pass(1)
    #expect(talk.machine.ticked(at: talk.now).readBackLeases == plan.raises.map(\.lease.next))
    #expect(talk.readBack(plan, done: true).delivered(to: first) == [block(1, 2)])
  }

  @Test func aReadBackWaitsForTheCoordinatorToComeBack() throws {
    var talk = Conversation()
    let plan = try lost(&talk)
    let away = talk.machine.readBackFailed(.unavailable, at: talk.now)
    #expect(away.isEmpty)
    #expect(talk.request(second).refusal(of: second) == .coordinatorUnavailable)
    talk.pass(10_000)
    #expect(talk.machine.ticked(at: talk.now).readBackLeases == nil)
    #expect(
      talk.machine.coordinatorCameBack(at: talk.now).readBackLeases == plan.raises.map(\.lease.next)
    )
  }

  @Test func aCoordinatorThatForgotIsAnIncidentAndNothingIsHandedOut() throws {
    var talk = Conversation()
    let plan = try lost(&talk)
    let lease = plan.raises[0].lease.id
    let found = talk.machine.readBackAnswered(
      [
        ReadBackReply(
          lease: lease, outcome: .unknownLease, committedThrough: 0, revision: 0, attempt: 0,
          recalled: false)
      ], at: talk.now)
    #expect(found.refusal(of: first) == .outcomeUnknown)
    #expect(found.notes.contains { if case .incident(lease, _) = $0 { true } else { false } })
    #expect(talk.request(second).commitPlan == nil)
  }

  @Test func anAnswerThatLeavesALeaseOutProvesNothing() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 2))
    #expect(granted.commitPlan != nil)
    let answered = talk.machine.commitAnswered(CommitAnswer(leases: []), at: talk.now)
    #expect(answered.delivered(to: first) == nil)
    #expect(answered.readBackLeases != nil)
  }

  @Test func anAcquireWithoutAnAnswerIsRepeatedAsItWas() throws {
    var talk = Conversation()
    let plan = try #require(talk.request(first, 2).acquirePlan)
    _ = talk.machine.acquireFailed(.unknown, at: talk.now)
    _ = talk.machine.cancelled(first, at: talk.now)
    talk.pass(200)
    #expect(talk.machine.ticked(at: talk.now).acquirePlan == plan)
  }
}
