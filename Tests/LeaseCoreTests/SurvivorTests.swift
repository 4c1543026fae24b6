import LeaseCore
import SerialFormat
import Testing

/// Rules that a machine can break without a number being handed out twice at once: each of these
/// conversations is the only witness of one line.
struct SurvivorTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  /// A machine with a lease of 1...100 of which 1...2 are committed and in stock.
  private func stocked() throws -> Conversation {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 2))
    _ = talk.machine.cancelled(first, at: talk.now)
    #expect(try talk.commit(granted).notes.contains(.stocked(2)))
    return talk
  }

  /// A machine with a lease of `numbers`, of which the first was delivered.
  private func holding(_ numbers: ClosedRange<Int>) throws -> Conversation {
    var talk = Conversation()
    let granted = try talk.grant(numbers, answering: talk.request(first))
    #expect(try talk.commit(granted).delivered(to: first) != nil)
    return talk
  }

  private func none(
    _ outcome: AcquireReply.Outcome = .none, free: Int = 0, elsewhere: Int = 0
  ) -> AcquireReply {
    AcquireReply(
      outcome: outcome, counter: Conversation.counter, grants: [], free: free,
      leasedElsewhere: elsewhere)
  }

  // MARK: - Stock

  @Test(arguments: [false, true])
  func theRevisionAloneTellsWhetherLinesOfTheStockWereWritten(done: Bool) throws {
    var talk = try stocked()
    let plan = try #require(talk.request(second, 2).commitPlan)
    #expect(plan.raises.map(\.through) == plan.raises.map(\.expected))
    _ = talk.machine.commitFailed(.unknown, at: talk.now)
    let found = talk.readBack(plan, done: done)
    #expect(found.notes.contains(.resolved(committed: done)))
    #expect(found.delivered(to: second) == (done ? [block(1, 2)] : nil))
    #expect(found.commitPlan?.lines.map(\.again) == (done ? nil : [true]))
  }

  @Test func aGrantOfTheNewYearEndsTheStockAndTheLeaseOfTheOld() throws {
    var talk = try stocked()
    let asked = talk.request(second, 1000)
    let granted = try talk.grant(1...1000, answering: asked, counter: Conversation.nextCounter)
    #expect(granted.notes.contains(.abandoned(2)))
    #expect(granted.releaseItems?.map(\.handedOut) == [2])
    #expect(granted.commitPlan?.counter == Conversation.nextCounter)
    #expect(granted.commitPlan?.lines.map(\.block) == [block(1, 1000)])
    let done = try talk.commit(granted)
    #expect(done.contains(.deliver(second, Conversation.nextCounter, [block(1, 1000)])))
  }

  @Test func theStockOfACommitThatWasNotDoneIsKept() throws {
    var talk = try stocked()
    let lines = try #require(talk.request(second, 2).commitPlan).lines
    #expect(talk.machine.commitFailed(.notDone, at: talk.now).commitPlan == nil)
    talk.pass(200)
    let again = talk.machine.ticked(at: talk.now)
    #expect(again.commitPlan?.lines == lines)
    #expect(try talk.commit(again).delivered(to: second) == [block(1, 2)])
  }

  @Test(arguments: [CallFailure.unavailable, .rejected])
  func theStockOfACommitThatWasRefusedGoesToTheNext(failure: CallFailure) throws {
    var talk = try stocked()
    #expect(talk.request(second, 2).commitPlan?.lines.map(\.again) == [true])
    let refused = talk.machine.commitFailed(failure, at: talk.now)
    #expect(
      refused.refusal(of: second)
        == (failure == .rejected ? .rejected : .coordinatorUnavailable))
    _ = talk.machine.coordinatorCameBack(at: talk.now)
    let lines = try #require(talk.request(third, 2).commitPlan).lines
    #expect(lines.map(\.block) == [block(1, 2)])
    #expect(lines.map(\.again) == [true])
  }

  // MARK: - Commits

  @Test func aCommitHasABoundedNumberOfLines() throws {
    var talk = Conversation()
    var actions = try talk.grant(1...1000, answering: talk.request(.number(0)))
    for index in 1...257 { #expect(talk.request(.number(index)).commitPlan == nil) }
    actions = try talk.commit(actions)
    #expect(actions.commitPlan?.lines.count == 256)
    actions = try talk.commit(actions)
    #expect(actions.commitPlan?.lines.map(\.request) == [.number(257)])
  }

  @Test func aRejectedCommitFailsItsRequestsAndIsNotSentAgain() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    #expect(granted.commitPlan != nil)
    _ = talk.request(second)
    let refused = talk.machine.commitFailed(.rejected, at: talk.now)
    #expect(refused.refusal(of: first) == .rejected)
    #expect(refused.refusal(of: second) == nil)
    #expect(refused.commitPlan?.lines.map(\.request) == [second])
    #expect(try talk.commit(refused).delivered(to: second) == [block(1, 1)])
  }

  @Test func aDeadlineDuringACommitIsAnUnknownOutcome() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, within: 1_000))
    talk.pass(999)
    #expect(talk.machine.ticked(at: talk.now).refusal(of: first) == nil)
    talk.pass(1)
    #expect(talk.machine.ticked(at: talk.now).refusal(of: first) == .outcomeUnknown)
    let done = try talk.commit(granted)
    #expect(done.delivered(to: first) == nil)
    #expect(done.notes.contains(.stocked(1)))
  }

  @Test func aLeaseThatNoCommitUsesIsRenewedByRidingAlong() throws {
    var talk = Conversation()
    let plan = try #require(talk.request(first).acquirePlan)
    let granted = talk.machine.acquireAnswered(
      AcquireReply(
        outcome: .granted, counter: Conversation.counter,
        grants: [
          .init(id: plan.leases[0].id, block: block(1, 10)),
          .init(id: plan.leases[1].id, block: block(50, 60)),
        ], free: 9_000, leasedElsewhere: 0), at: talk.now)
    _ = try talk.commit(granted)
    talk.pass(4_999)
    let early = talk.request(second)
    #expect(early.commitPlan?.raises.map(\.through) == [2])
    _ = try talk.commit(early)
    talk.pass(1)
    let late = talk.request(third)
    #expect(late.commitPlan?.raises.map(\.expected) == [2, 49])
    #expect(late.commitPlan?.raises.map(\.through) == [3, 49])
    #expect(late.commitPlan?.lines.count == 1)
    _ = try talk.commit(late)
    #expect(talk.request(.number(4)).commitPlan?.raises.map(\.through) == [4])
  }

  // MARK: - Exhaustion

  @Test func numbersUnderWayAreNotExhausted() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...10, answering: talk.request(first, 10))
    _ = talk.machine.cancelled(first, at: talk.now)
    #expect(try talk.commit(granted).releaseItems == nil, "it stays while its stock waits")
    // 6 of a stock of 10 are in a statement
    #expect(talk.request(second, 6).commitPlan?.lines.map(\.block) == [block(1, 6)])
    // an acquire was sent while the first commit was under way; it is answered now
    #expect(talk.request(third, 8).refusal(of: third) == nil)
    #expect(talk.machine.acquireAnswered(none(), at: talk.now).refusal(of: third) == nil)
    _ = talk.machine.cancelled(second, at: talk.now)
    #expect(talk.machine.commitFailed(.notDone, at: talk.now).isEmpty)
    talk.pass(200)
    let again = talk.machine.ticked(at: talk.now)
    #expect(try talk.commit(again).delivered(to: third)?.map(\.count).reduce(0, +) == 8)
  }

  @Test func numbersOnTheirWayBackAreNotExhausted() throws {
    var talk = try holding(1...100)
    talk.pass(15_000)
    let items = try #require(talk.machine.ticked(at: talk.now).releaseItems)
    #expect(talk.request(second, 4).acquirePlan != nil)
    #expect(talk.machine.acquireAnswered(none(), at: talk.now).refusal(of: second) == nil)
    let reply = ReleaseReply(
      lease: items[0].lease.id, outcome: .released, givenBack: 99,
      issuedThrough: items[0].handedOut)
    _ = talk.machine.releaseAnswered([reply], at: talk.now)
    talk.pass(250)
    let granted = try talk.grant(2...100, answering: talk.machine.ticked(at: talk.now))
    #expect(try talk.commit(granted).delivered(to: second) == [block(2, 5)])
  }

  @Test func numbersOfARecalledLeaseInACommitAreNotExhausted() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first))
    _ = talk.request(second)
    let recalled = try talk.commit(granted, recalled: true)
    #expect(recalled.commitPlan?.lines.map(\.request) == [second])
    #expect(talk.request(third, 5).acquirePlan?.needed == 5)
    #expect(talk.machine.acquireAnswered(none(), at: talk.now).refusal(of: third) == nil)
    #expect(try talk.commit(recalled).releaseItems?.map(\.handedOut) == [2])
  }

  // MARK: - Grants

  @Test func aShortGrantWithNumbersLeftIsFollowedAtOnce() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...4, answering: talk.request(first, 10), free: 50)
    #expect(granted.acquirePlan?.needed == 6)
    #expect(granted.refusal(of: first) == nil)
  }

  /// A machine whose requests make 1,000 numbers comfortable: with a commit under way for all that
  /// it held, and what it did when the acquire that it sent meanwhile was granted `numbers`.
  private func busy(granting numbers: ClosedRange<Int>) throws -> (
    Conversation, committing: [MachineAction], answered: [MachineAction]
  ) {
    var talk = Conversation()
    let granted = try talk.grant(1...1000, answering: talk.request(first, 1000))
    #expect(granted.acquirePlan?.wanted == 1000, "asked for before the block ends")
    let answered = try talk.grant(numbers, answering: granted, free: 30)
    return (talk, granted, answered)
  }

  @Test func whenNumbersAreScarceNothingIsAskedForAhead() throws {
    var (talk, committing, answered) = try busy(granting: 1001...1499)
    #expect(answered.acquirePlan == nil)
    #expect(try talk.commit(committing).acquirePlan == nil)
    let (_, _, plenty) = try busy(granting: 1001...1500)
    #expect(plenty.acquirePlan?.needed == 1, "half of what was wanted is enough")
  }

  @Test(arguments: [
    (AcquireReply.Outcome.frozen, MachineAction.Refusal.frozen(Conversation.counter)),
    (.noStandby, .noStandby),
  ])
  func aRefusedPrefetchPausesAndHurtsNobodyWhoIsCovered(
    outcome: AcquireReply.Outcome, refusal: MachineAction.Refusal
  ) throws {
    var (talk, committing, answered) = try busy(granting: 1001...1500)
    #expect(answered.acquirePlan != nil)
    _ = talk.request(third, 3)
    _ = talk.request(.number(4), 1000)
    let refused = talk.machine.acquireAnswered(none(outcome, free: 9), at: talk.now)
    #expect(refused == [.fail(.number(4), refusal)])
    let next = try talk.commit(committing)
    #expect(next.acquirePlan == nil)
    #expect(try talk.commit(next).delivered(to: third) == [block(1001, 1003)])
    talk.pass(249)
    #expect(talk.machine.ticked(at: talk.now).acquirePlan == nil)
    talk.pass(1)
    #expect(talk.machine.ticked(at: talk.now).acquirePlan != nil)
  }

  @Test func anAcquireThatMayHaveBeenDoneIsRepeatedUntilItIsAnswered() throws {
    var talk = Conversation()
    let plan = try #require(talk.request(first, 2).acquirePlan)
    #expect(talk.machine.acquireFailed(.unknown, at: talk.now).isEmpty)
    talk.pass(200)
    #expect(talk.machine.ticked(at: talk.now).acquirePlan == plan)
    let away = talk.machine.acquireFailed(.unavailable, at: talk.now)
    #expect(away.refusal(of: first) == .coordinatorUnavailable)
    #expect(!talk.machine.isEmpty)
    talk.pass(200)
    #expect(talk.machine.coordinatorCameBack(at: talk.now).acquirePlan == plan)
  }
}

/// How leases leave a machine: renewals that are refused, recalls, a drain, another process.
extension SurvivorTests {
  // MARK: - Renewals and recalls

  @Test(arguments: [
    RenewReply.Outcome.expired, .closed, .notHolder, .staleToken, .unknownLease,
  ])
  func aLeaseThatCouldNotBeRenewedIsNotUsedAgain(outcome: RenewReply.Outcome) throws {
    var talk = try holding(1...100)
    let leases = talk.machine.beginRenewal(at: talk.now)
    #expect(leases.count == 1)
    let reply = RenewReply(lease: leases[0].id, outcome: outcome, recalled: false)
    let refused = talk.machine.renewAnswered([reply], at: talk.now)
    let fenced = MachineAction.Note.fenced(leases[0].id, outcome.rawValue)
    let incident = MachineAction.Note.incident(leases[0].id, outcome.rawValue)
    #expect(refused.notes == [[.expired, .closed].contains(outcome) ? fenced : incident])
    #expect(refused.releaseItems?.map(\.handedOut) == (outcome == .expired ? [1] : nil))
    let asked = talk.request(second)
    #expect(asked.commitPlan == nil)
    #expect(asked.acquirePlan?.needed == 1)
  }

  @Test func anIdleLeaseThatIsRecalledGoesBackAtOnce() throws {
    var talk = try holding(1...100)
    let leases = talk.machine.beginRenewal(at: talk.now)
    let reply = RenewReply(lease: leases[0].id, outcome: .live, recalled: true)
    let recalled = talk.machine.renewAnswered([reply], at: talk.now)
    #expect(recalled.notes == [.recalled(leases[0].id)])
    #expect(recalled.releaseItems?.map(\.handedOut) == [1])
  }

  @Test func aRecalledLeaseThatDoesNotCoverWhoWaitsGoesBackAtOnce() throws {
    var talk = Conversation()
    let granted = try talk.grant(1...3, answering: talk.request(first))
    #expect(talk.request(second, 1000).acquirePlan != nil)
    let recalled = try talk.commit(granted, recalled: true)
    #expect(recalled.commitPlan == nil)
    #expect(recalled.releaseItems?.map(\.handedOut) == [1])
  }

  // MARK: - Drain

  @Test func aDrainKeepsItsLeasesWhileSomebodyWaits() throws {
    var talk = try holding(1...3)
    #expect(talk.request(second, 5).acquirePlan?.needed == 3)
    _ = talk.machine.acquireAnswered(none(elsewhere: 10), at: talk.now)
    #expect(talk.machine.drain(at: talk.now).isEmpty)
    talk.pass(250)
    let asked = talk.machine.ticked(at: talk.now)
    #expect(asked.releaseItems == nil)
    let granted = try talk.grant(50...52, answering: asked)
    let done = try talk.commit(granted)
    #expect(done.delivered(to: second) == [block(2, 3), block(50, 52)])
    let items = try #require(done.releaseItems)
    #expect(items.map(\.handedOut) == [3, 52])
    _ = talk.machine.releaseAnswered(
      items.map {
        ReleaseReply(
          lease: $0.lease.id, outcome: .released, givenBack: 0, issuedThrough: $0.handedOut)
      },
      at: talk.now)
    #expect(talk.machine.isEmpty)
  }

  @Test func aDrainWaitsForAnAcquireThatMayGrant() throws {
    var talk = try holding(1...3)
    let asked = talk.request(second, 5)
    _ = talk.machine.cancelled(second, at: talk.now)
    #expect(talk.machine.drain(at: talk.now).isEmpty)
    #expect(!talk.machine.isEmpty)
    let granted = try talk.grant(50...52, answering: asked)
    #expect(granted.releaseItems?.map(\.handedOut) == [1, 49])
  }

  // MARK: - Superseded

  @Test func aSupersededMachineForgetsWhatTheCoordinatorClosed() throws {
    var talk = try stocked()
    #expect(talk.machine.superseded(at: talk.now).notes == [.superseded, .abandoned(2)])
    #expect(talk.machine.isEmpty)
    #expect(talk.machine.heldLeases.isEmpty)
  }

  @Test func aSupersededMachineForgetsItsAcquireAndItsRelease() throws {
    var talk = try holding(1...100)
    talk.pass(15_000)
    let items = try #require(talk.machine.ticked(at: talk.now).releaseItems)
    let asked = talk.request(second)
    #expect(talk.machine.superseded(at: talk.now).refusal(of: second) == .superseded)
    #expect(talk.machine.isEmpty)
    // what is answered late changes nothing
    #expect(try talk.grant(101...200, answering: asked).isEmpty)
    let reply = ReleaseReply(
      lease: items[0].lease.id, outcome: .released, givenBack: 99,
      issuedThrough: items[0].handedOut)
    #expect(talk.machine.releaseAnswered([reply], at: talk.now).isEmpty)
    #expect(talk.machine.isEmpty)
  }

  @Test func anAcquireThatIsAnsweredSupersededEndsTheMachine() throws {
    var talk = try holding(1...3)
    _ = talk.request(second, 1000)
    let ended = talk.machine.acquireAnswered(none(.superseded), at: talk.now)
    #expect(ended.notes.contains(.superseded))
    #expect(ended.refusal(of: second) == .superseded)
    #expect(talk.request(third).refusal(of: third) == .superseded)
    #expect(talk.machine.isEmpty)
  }

  @Test(arguments: [false, true])
  func aSupersededMachineStillResolvesWhatIsUnknown(done: Bool) throws {
    var talk = Conversation()
    let granted = try talk.grant(1...100, answering: talk.request(first, 2))
    let plan = try #require(granted.commitPlan)
    _ = talk.machine.commitFailed(.unknown, at: talk.now)
    let ended = talk.machine.superseded(at: talk.now)
    #expect(ended == [.note(.superseded)])
    #expect(!talk.machine.isEmpty)
    #expect(talk.machine.readBackFailed(.unknown, at: talk.now).isEmpty)
    talk.pass(200)
    #expect(talk.machine.ticked(at: talk.now).readBackLeases == plan.raises.map(\.lease.next))
    let found = talk.readBack(plan, done: done, outcome: .closed)
    #expect(found.delivered(to: first) == (done ? [block(1, 2)] : nil))
    #expect(found.refusal(of: first) == (done ? nil : .superseded))
    #expect(talk.machine.isEmpty)
  }
}
