import LeaseCore
import SerialFormat
import Testing

/// The undisturbed life of requests: acquire, group commit, prefetch, release.
struct IssuingTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  @Test func aRequestIsGrantedCommittedAndOnlyThenDelivered() throws {
    var talk = Conversation()
    let asked = talk.request(first, 3)
    let plan = try #require(asked.acquirePlan)
    #expect(plan.needed == 3)
    #expect(plan.leases.count == 8)
    let granted = try talk.grant(11...20, answering: asked)
    let commit = try #require(granted.commitPlan)
    #expect(granted.delivered(to: first) == nil)
    #expect(
      commit.raises == [
        CommitPlan.Raise(
          lease: LeaseReference(
            id: plan.leases[0].id, token: plan.leases[0].token, attempt: 0),
          revision: 0, expected: 10, through: 13, handedOut: 10)
      ])
    #expect(
      commit.lines == [
        CommitPlan.Line(
          lease: plan.leases[0].id, block: block(11, 13), request: first, subject: "tester",
          again: false)
      ])
    let done = try talk.commit(granted)
    #expect(done.delivered(to: first) == [block(11, 13)])
  }

  @Test func requestsDuringACommitWaitAndShareTheNext() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(talk.request(second, 2).commitPlan == nil)
    #expect(talk.request(third, 3).commitPlan == nil)
    let next = try talk.commit(granted)
    #expect(next.delivered(to: first) == [block(1, 1)])
    let plan = try #require(next.commitPlan)
    #expect(plan.raises.count == 1)
    #expect(plan.raises[0].expected == 1)
    #expect(plan.raises[0].through == 6)
    #expect(plan.raises[0].revision == 1)
    #expect(plan.raises[0].handedOut == 1)
    #expect(plan.lines.map(\.block) == [block(2, 3), block(4, 6)])
    let done = try talk.commit(next)
    #expect(done.delivered(to: second) == [block(2, 3)])
    #expect(done.delivered(to: third) == [block(4, 6)])
  }

  @Test func aRequestMayBeServedFromSeveralBlocksInOneStatement() throws {
    var talk = Conversation()
    let asked = talk.request(first, 5)
    let plan = try #require(asked.acquirePlan)
    let granted = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .granted, counter: Conversation.counter,
        grants: [
          .init(id: plan.leases[0].id, block: block(4, 5)),
          .init(id: plan.leases[1].id, block: block(90, 92)),
        ], free: 5, leasedElsewhere: 0), at: talk.now)
    let commit = try #require(granted.commitPlan)
    #expect(commit.raises.map(\.through) == [5, 92])
    let done = try talk.commit(granted)
    #expect(done.delivered(to: first) == [block(4, 5), block(90, 92)])
    // both are used up and go back
    #expect(done.releaseItems?.map(\.handedOut) == [5, 92])
  }

  @Test func theFirstInLineIsNotOvertaken() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...3, answering: talk.request(first))
    _ = talk.request(second, 1000)
    _ = talk.request(third, 1)
    let next = try talk.commit(granted)
    #expect(next.commitPlan == nil, "the second waits for its 1,000, and the third behind it")
  }

  @Test func aFastNodeAsksForTheNextBlockBeforeThisOneEnds() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(
        sizing: BlockSizing(horizonMilliseconds: 10_000, largest: 100)))
    var actions = try talk.grant(1...100, answering: talk.request(.number(0)))
    var prefetchedAt: Int?
    for index in 1...90 {
      talk.pass(10)
      actions = try talk.commit(actions)
      let asked = talk.request(.number(index))
      if let plan = (actions + asked).acquirePlan, prefetchedAt == nil {
        prefetchedAt = index
        let left = 100 - index - 1
        #expect(plan.needed == 1)
        #expect(plan.wanted <= 100)
        #expect(left > 0 && left <= plan.wanted / 2, "half of what it would ask for is left")
      }
      actions = asked
    }
    #expect(prefetchedAt != nil)
  }

  @Test func anIdleNodeGivesItsBlockBackAfterATimeToLive() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 4))
    _ = try talk.commit(granted)
    talk.pass(14_000)
    try talk.renew()
    talk.pass(999)
    #expect(talk.machine.ticked(at: talk.now).isEmpty)
    talk.pass(1)
    let items = try #require(talk.machine.ticked(at: talk.now).releaseItems)
    #expect(items.map(\.handedOut) == [4])
    let reply = ReleaseReply(
      lease: items[0].lease.id, outcome: .released, givenBack: 96,
      issuedThrough: items[0].handedOut)
    _ = talk.machine.releaseAnswered([reply], at: talk.now)
    #expect(talk.machine.isEmpty)
  }

  @Test func aReleaseIsRepeatedUntilItIsAnswered() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...2, answering: talk.request(first, 2))
    let items = try #require(try talk.commit(granted).releaseItems)
    _ = talk.machine.releaseFailed(.unknown, at: talk.now)
    #expect(talk.machine.ticked(at: talk.now).releaseItems == nil)
    talk.pass(200)
    #expect(talk.machine.ticked(at: talk.now).releaseItems == items)
    let reply = ReleaseReply(
      lease: items[0].lease.id, outcome: .already, givenBack: 0,
      issuedThrough: items[0].handedOut)
    _ = talk.machine.releaseAnswered([reply], at: talk.now)
    #expect(talk.machine.isEmpty)
  }

  @Test func aDrainAnswersWhatWasAcceptedAndGivesTheRestBack() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    _ = talk.request(second)
    #expect(talk.machine.drain(at: talk.now).isEmpty)
    #expect(talk.request(third).refusal(of: third) == .draining)
    let next = try talk.commit(granted)
    let done = try talk.commit(next)
    #expect(done.delivered(to: second) == [block(2, 2)])
    let items = try #require(done.releaseItems)
    #expect(items.map(\.handedOut) == [2])
    #expect(!talk.machine.isEmpty)
    _ = talk.machine.releaseAnswered(
      [
        ReleaseReply(
          lease: items[0].lease.id, outcome: .released, givenBack: 98,
          issuedThrough: items[0].handedOut)
      ], at: talk.now)
    #expect(talk.machine.isEmpty)
  }
}
