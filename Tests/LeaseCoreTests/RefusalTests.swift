import LeaseCore
import SerialFormat
import Testing

/// What the machine does when the coordinator says no, or nothing.
struct RefusalTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)

  @Test func anExpiredLeaseIsGivenUpAndTheRequestWaitsForAnother() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    let refused = try talk.answer(granted, .expired)
    #expect(refused.refusal(of: first) == nil)
    #expect(refused.releaseItems?.count == 1, "what was not issued of it comes back at once")
    let again = try talk.grant(101...200, answering: refused)
    #expect(try talk.commit(again).delivered(to: first) == [block(101, 101)])
  }

  @Test(arguments: [
    CommitReply.Outcome.unknownLease, .notHolder, .staleToken, .staleAttempt, .unexpected,
  ])
  func aContradictionIsAnIncidentAndTheLeaseIsNeverUsedAgain(outcome: CommitReply.Outcome) throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    let refused = try talk.answer(granted, outcome)
    #expect(refused.notes.contains { if case .incident = $0 { true } else { false } })
    #expect(refused.releaseItems == nil)
    #expect(refused.commitPlan == nil)
    #expect(refused.acquirePlan != nil)
  }

  @Test func whenTheYearIsOverTheOldLeaseGoesBackAndTheNewYearIssues() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    let refused = try talk.answer(granted, .yearOver)
    #expect(refused.releaseItems?.map(\.handedOut) == [0])
    let again = try talk.grant(1...100, answering: refused, counter: Conversation.nextCounter)
    let done = try talk.commit(again)
    #expect(
      done.contains(.deliver(first, Conversation.nextCounter, [block(1, 1)])))
  }

  @Test func theStockOfTheOldYearIsNotHandedOutInTheNew() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 7))
    _ = talk.machine.cancelled(first, at: talk.now)
    _ = try talk.commit(granted)
    let asked = talk.request(second)
    let refused = try talk.answer(asked, .yearOver)
    #expect(refused.notes.contains(.abandoned(7)))
    let again = try talk.grant(1...100, answering: refused, counter: Conversation.nextCounter)
    #expect(try talk.commit(again).delivered(to: second) == [block(1, 1)])
    #expect(again.commitPlan?.lines.map(\.again) == [false])
  }

  @Test func withoutAStandbyNothingIsIssued() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(try talk.answer(granted, .noStandby).refusal(of: first) == .noStandby)
    let asked = talk.request(second)
    #expect(try talk.commit(asked).delivered(to: second) == [block(1, 1)])
  }

  @Test func exhaustedIsOnlyWhatExceedsEverythingThatCanStillBeIssued() throws {
    var talk = Conversation()
    let asked = talk.request(first, 10)
    let plan = try #require(asked.acquirePlan)
    // 4 granted, 6 held by others: 10 can still come together
    let some = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .granted, counter: Conversation.counter,
        grants: [.init(id: plan.leases[0].id, block: block(1, 4))], free: 0, leasedElsewhere: 6),
      at: talk.now)
    #expect(some.refusal(of: first) == nil)
    talk.pass(250)
    let again = try #require(talk.machine.ticked(at: talk.now).acquirePlan)
    #expect(again.needed == 6)
    // the others issued one of theirs meanwhile
    let none = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .none, counter: Conversation.counter, grants: [], free: 0, leasedElsewhere: 5),
      at: talk.now)
    #expect(none.refusal(of: first) == .capacityExhausted(Conversation.counter))
    #expect(try #require(talk.request(second, 4).commitPlan).lines.map(\.block) == [block(1, 4)])
  }

  @Test func whoWaitsForARecallIsToldSoAtTheDeadline() throws {
    var talk = Conversation()
    _ = talk.request(first, 1, within: 1_000)
    _ = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .none, counter: Conversation.counter, grants: [], free: 0, leasedElsewhere: 5),
      at: talk.now)
    talk.pass(1_000)
    #expect(
      talk.machine.ticked(at: talk.now).refusal(of: first) == .recalling(Conversation.counter))
  }

  @Test func aRecalledLeaseServesWhoWaitsAndIsGivenBack() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    _ = talk.request(second)
    let recalled = try talk.commit(granted, recalled: true)
    #expect(recalled.notes.contains { if case .recalled = $0 { true } else { false } })
    let third = talk.request(.number(3))
    #expect(third.commitPlan == nil)
    let done = try talk.commit(recalled)
    #expect(done.delivered(to: second) == [block(2, 2)])
    #expect(done.releaseItems?.map(\.handedOut) == [2], "the third does not keep it")
  }

  @Test func aFrozenCounterRefuses() throws {
    var talk = Conversation()
    _ = talk.request(first)
    let refused = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .frozen, counter: Conversation.counter, grants: [], free: 9, leasedElsewhere: 0),
      at: talk.now)
    #expect(refused.refusal(of: first) == .frozen(Conversation.counter))
  }

  @Test func anAbsentCoordinatorRefusesAtOnceAndALaterOneServes() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(granted.commitPlan != nil)
    let away = talk.machine.commitFailed(.unavailable, at: talk.now)
    #expect(away.refusal(of: first) == .coordinatorUnavailable)
    #expect(talk.request(second).refusal(of: second) == .coordinatorUnavailable)
    _ = talk.machine.coordinatorCameBack(at: talk.now)
    let third = RequestID.number(3)
    let asked = talk.request(third)
    #expect(try talk.commit(asked).delivered(to: third) == [block(1, 1)])
  }

  @Test func aCommitThatWasRolledBackIsTriedAgainAfterAPause() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(granted.commitPlan != nil)
    #expect(talk.machine.commitFailed(.notDone, at: talk.now).commitPlan == nil)
    talk.pass(200)
    let again = talk.machine.ticked(at: talk.now)
    #expect(try talk.commit(again).delivered(to: first) == [block(1, 1)])
  }

  @Test func aSupersededProcessIssuesNothingMore() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    _ = try talk.commit(granted)
    #expect(talk.machine.superseded(at: talk.now).notes == [.superseded])
    #expect(talk.request(second).refusal(of: second) == .superseded)
    talk.pass(60_000)
    #expect(talk.machine.ticked(at: talk.now).isEmpty)
    #expect(talk.machine.beginRenewal(at: talk.now).isEmpty)
  }
}
