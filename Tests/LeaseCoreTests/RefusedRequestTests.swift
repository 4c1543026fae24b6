import LeaseCore
import SerialFormat
import Testing

/// Keys, quotas, the reserve and closed grants: what refuses one request and not the others.
struct RefusedRequestTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  private func key(_ text: String) throws -> IdempotencyKey {
    try #require(IdempotencyKey(route: "POST /", key: text, requestHash: "digest"))
  }

  // MARK: - Keys

  @Test func aKeyIsTakenInTheCommitOfItsRequest() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 2, key: try key("a")))
    let claim = KeyClaim(request: first, owner: KeyOwner(subject: "tester", key: try key("a")))
    #expect(granted.commitPlan?.keys == [claim])
    #expect(try talk.commit(granted).delivered(to: first) == [block(1, 2)])
  }

  @Test func aTakenKeyFailsAlone() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(.number(0)))
    for id in [first, second, third] {
      _ = talk.request(id, key: id == second ? try key("a") : nil)
    }
    let batch = try talk.commit(granted)
    #expect(batch.commitPlan?.lines.map(\.request) == [first, second, third])
    let refused = try talk.refuse(batch, RefusedRequest(request: second, reason: .keyTaken))
    #expect(refused.refusal(of: second) == .keyTaken)
    #expect(refused.commitPlan?.lines.map(\.request) == [first, third])
    #expect(refused.commitPlan?.lines.map(\.block) == [block(2, 2), block(3, 3)])
    #expect(refused.commitPlan?.keys == [])
    let done = try talk.commit(refused)
    #expect(done.delivered(to: first) == [block(2, 2)])
    #expect(done.delivered(to: third) == [block(3, 3)])
  }

  @Test func twoRequestsWithOneKeyAreNotInOneStatement() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(.number(0)))
    _ = talk.request(first, key: try key("a"))
    _ = talk.request(second, subject: "somebody else", key: try key("a"))
    _ = talk.request(third, key: try key("a"))
    let batch = try talk.commit(granted)
    #expect(batch.commitPlan?.keys.map(\.request) == [first, second])
    let next = try talk.commit(batch)
    #expect(next.delivered(to: first) == [block(2, 2)])
    // the key is taken now: whoever else has it finds out at once what it holds
    #expect(next.refusal(of: third) == .keyTaken)
    #expect(next.commitPlan == nil)
    #expect(talk.request(.number(4)).commitPlan?.lines.map(\.block) == [block(4, 4)])
  }

  @Test func theSecondRequestWithAKeyIsServedWhenTheFirstIsRefused() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(.number(0)))
    _ = talk.request(first, 1000, key: try key("a"))
    _ = talk.request(second, key: try key("a"))
    let waiting = try talk.commit(granted)
    #expect(waiting.commitPlan == nil)
    let next = talk.machine.cancelled(first, at: talk.now)
    #expect(next.commitPlan?.keys.map(\.request) == [second])
    #expect(try talk.commit(next).delivered(to: second) == [block(2, 2)])
  }

  @Test func whatAKeyHoldsIsNeverGivenToSomebodyElse() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 2, key: try key("a")))
    _ = talk.machine.cancelled(first, at: talk.now)
    let done = try talk.commit(granted)
    #expect(done.notes.isEmpty, "nothing is stocked")
    #expect(talk.request(second).commitPlan?.lines.map(\.block) == [block(3, 3)])
  }

  @Test func aRequestWithAKeyIsSeenByTheCoordinatorFirst() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 5, largest: 0)))
    _ = try talk.commit(try talk.grant(1...100, answering: talk.request(first)))
    let asked = talk.request(second, 2, key: try key("a"))
    #expect(asked.delivered(to: second) == nil)
    let plan = try #require(asked.commitPlan)
    #expect(plan.lines.map(\.block) == [block(2, 3)])
    #expect(plan.lines.map(\.delivered) == [false])
    #expect(plan.keys.map(\.request) == [second])
    #expect(plan.raises.map(\.handedOut) == [1])
    // refused: what was to be its numbers still lies ahead
    let refused = try talk.refuse(asked, RefusedRequest(request: second, reason: .keyTaken))
    #expect(refused.refusal(of: second) == .keyTaken)
    #expect(talk.request(third).delivered(to: third) == [block(2, 2)])
  }

  // MARK: - Quotas

  private func refusedByQuota(
    _ talk: inout Conversation, retryMilliseconds: Int, count: Int = 1
  ) throws {
    let asked = talk.request(second, count, subject: "limited")
    let refused = try talk.refuse(
      asked,
      RefusedRequest(
        request: second, reason: .quotaExceeded, retryMilliseconds: retryMilliseconds))
    #expect(
      refused.refusal(of: second) == .quotaExceeded(retryMilliseconds: retryMilliseconds))
    #expect(refused.commitPlan == nil)
  }

  private func holding() throws -> Conversation {
    var talk = Conversation()
    _ = try talk.commit(try talk.grant(1...100, answering: talk.request(first)))
    return talk
  }

  @Test func aUsedUpQuotaIsNotAskedForAgainBeforeItsTime() throws {
    var talk = try holding()
    try refusedByQuota(&talk, retryMilliseconds: 3_000)
    talk.pass(2_000)
    #expect(
      talk.request(third, subject: "limited")
        == [.fail(third, .quotaExceeded(retryMilliseconds: 1_000))])
    let other = talk.request(.number(4), subject: "somebody else")
    #expect(other.commitPlan?.lines.map(\.block) == [block(2, 2)], "nobody else is paused")
    _ = try talk.commit(other)
    talk.pass(1_000)
    #expect(talk.request(.number(5), subject: "limited").commitPlan != nil)
  }

  @Test func aUsedUpYearIsAskedForAgainAfterFiveSeconds() throws {
    var talk = try holding()
    try refusedByQuota(&talk, retryMilliseconds: 10_000_000)
    talk.pass(4_999)
    #expect(
      talk.request(third, subject: "limited")
        == [.fail(third, .quotaExceeded(retryMilliseconds: 1))])
    talk.pass(1)
    _ = talk.machine.ticked(at: talk.now)
    #expect(talk.request(.number(4), subject: "limited").commitPlan != nil)
  }

  @Test func aRequestForManyThatDoesNotFitLeavesRoomForOne() throws {
    var talk = try holding()
    try refusedByQuota(&talk, retryMilliseconds: 60_000, count: 5)
    #expect(talk.request(third, subject: "limited").commitPlan != nil)
  }

  // MARK: - The reserve and closed grants

  private func none(reserved: Int, _ outcome: AcquireReply.Outcome = .none) -> AcquireReply {
    AcquireReply(
      outcome: outcome, counter: Conversation.counter, grants: [], free: 0, leasedElsewhere: 0,
      reserved: reserved)
  }

  @Test func whatIsKeptForAdministratorsIsNotExhausted() throws {
    var talk = Conversation()
    _ = talk.request(first, 5)
    #expect(
      talk.machine.acquireAnswered(none(reserved: 5), at: talk.now).refusal(of: first)
        == .reserveOnly(Conversation.counter))
    talk.pass(250)
    _ = talk.request(second, 6)
    #expect(
      talk.machine.acquireAnswered(none(reserved: 5), at: talk.now).refusal(of: second)
        == .capacityExhausted(Conversation.counter))
  }

  @Test func whileGrantsAreClosedItIsAskedAgainAndSaidAtTheDeadline() throws {
    var talk = Conversation()
    _ = talk.request(first, within: 400)
    let closed = talk.machine.acquireAnswered(none(reserved: 0, .grantsClosed), at: talk.now)
    #expect(closed.isEmpty)
    talk.pass(250)
    #expect(talk.machine.ticked(at: talk.now).acquirePlan != nil)
    _ = talk.machine.acquireAnswered(none(reserved: 0, .grantsClosed), at: talk.now)
    talk.pass(150)
    #expect(talk.machine.ticked(at: talk.now).refusal(of: first) == .grantsClosed)
  }

  // MARK: - Forgotten leases

  @Test func whatTheCoordinatorForgotIsNeverIssuedAgain() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 5, largest: 0)))
    _ = try talk.commit(try talk.grant(1...100, answering: talk.request(first)))
    // 2 is handed out and in a report; 3...5 are in a commit of their own
    let served = talk.request(second)
    #expect(served.delivered(to: second) == [block(2, 2)])
    let asked = try talk.commit(served) + talk.request(third, 3, key: try key("a"))
    #expect(asked.commitPlan?.lines.map(\.block) == [block(3, 5)])
    let forgotten = talk.machine.leasesForgotten(at: talk.now)
    #expect(forgotten.refusal(of: third) == .outcomeUnknown)
    #expect(forgotten.notes.contains { if case .incident = $0 { true } else { false } })
    #expect(forgotten.notes.contains(.abandoned(3)), "in the commit")
    #expect(forgotten.notes.contains(.abandoned(1)), "ahead")
    #expect(talk.machine.isSpent)
    // the late answer changes nothing, and the next request starts anew
    #expect(try talk.commit(asked).isEmpty)
    let again = try talk.grant(301...310, answering: talk.request(.number(4)))
    #expect(try talk.commit(again).delivered(to: .number(4)) == [block(301, 301)])
  }
}
