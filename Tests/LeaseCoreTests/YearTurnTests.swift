import LeaseCore
import SerialFormat
import Testing

/// Midnight in UTC, with the node's clock some seconds before or after the coordinator's.
struct YearTurnTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  /// A machine that has 2...6 of 2026 committed ahead.
  private func ahead() throws -> Conversation {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 5, largest: 0)))
    talk.machine.clockSays(year: 2026)
    _ = try talk.commit(try talk.grant(1...100, answering: talk.request(first)))
    #expect(talk.machine.aheadCount == 5)
    return talk
  }

  // MARK: - A node that is early

  @Test func anEarlyNodeHandsOutNothingOfTheOldYearWithoutTheCoordinator() throws {
    var talk = try ahead()
    talk.machine.clockSays(year: 2027)
    let asked = talk.request(second)
    #expect(asked.delivered(to: second) == nil)
    // the coordinator is still in the old year, and it decides
    let plan = try #require(asked.commitPlan)
    #expect(plan.counter == Conversation.counter)
    #expect(plan.lines.map(\.block) == [block(2, 2)])
    #expect(plan.lines.map(\.delivered) == [false])
    #expect(plan.raises.map { $0.through - $0.expected } == [0], "nothing more ahead")
    let done = try talk.commit(asked)
    #expect(done.contains(.deliver(second, Conversation.counter, [block(2, 2)])))
  }

  @Test func anEarlyNodeGivesTheOldYearBack() throws {
    var talk = try ahead()
    talk.machine.clockSays(year: 2027)
    let turned = talk.machine.ticked(at: talk.now)
    #expect(turned.releaseItems?.map(\.handedOut) == [1])
    #expect(turned.commitPlan == nil)
    // asked meanwhile, it gets a lease of the old year, as long as that lasts
    let asked = talk.request(second)
    _ = try talk.release(turned)
    #expect(talk.machine.aheadCount == 0)
    let granted = try talk.grant(2...50, answering: asked)
    #expect(granted.commitPlan?.raises.map(\.through) == [2])
    #expect(try talk.commit(granted).delivered(to: second) == [block(2, 2)])
  }

  @Test func anEarlyNodeIsServedFromTheNewYearOnceTheCoordinatorIsThere() throws {
    var talk = try ahead()
    talk.machine.clockSays(year: 2027)
    let asked = talk.request(second)
    let refused = try talk.answer(asked, .yearOver)
    #expect(refused.refusal(of: second) == nil)
    #expect(refused.releaseItems?.map(\.handedOut) == [1])
    let granted = try talk.grant(1...100, answering: refused, counter: Conversation.nextCounter)
    let done = try talk.commit(granted)
    #expect(done.contains(.deliver(second, Conversation.nextCounter, [block(1, 1)])))
    #expect(talk.request(third).contains(.deliver(third, Conversation.nextCounter, [block(2, 2)])))
  }

  // MARK: - A node that is late

  @Test func aLateNodeLearnsOfTheTurnAndItsReportsAreNotLost() throws {
    var talk = try ahead()
    // the coordinator is in 2027; what was committed in 2026 is still handed out
    let served = talk.request(second)
    #expect(served.delivered(to: second) == [block(2, 2)])
    for number in 3...5 { _ = talk.request(.number(number)) }
    let raising = try talk.commit(served)
    #expect(raising.commitPlan?.raises.map { $0.through - $0.expected } == [4])
    let refused = try talk.answer(raising, .yearOver)
    #expect(!refused.notes.contains { if case .unreported = $0 { true } else { false } })
    let report = try #require(refused.commitPlan)
    #expect(report.counter == Conversation.counter)
    #expect(report.lines.map(\.request) == [.number(3), .number(4), .number(5)])
    #expect(report.raises.map { $0.through - $0.expected } == [0])
    #expect(refused.releaseItems == nil)
    let done = try talk.commit(refused)
    #expect(done.releaseItems?.map(\.handedOut) == [5])
  }

  @Test func aLateNodeKeepsItsLeaseOfTheNewYear() throws {
    var talk = try ahead()
    talk.pass(15_000)
    _ = try talk.release(talk.machine.ticked(at: talk.now))
    let granted = try talk.grant(
      1...100, answering: talk.request(second), counter: Conversation.nextCounter)
    _ = try talk.commit(granted)
    // by its own clock that year has not begun
    for _ in 0..<5 {
      talk.pass(1_000)
      #expect(talk.machine.ticked(at: talk.now).releaseItems == nil)
    }
    #expect(talk.request(third).contains(.deliver(third, Conversation.nextCounter, [block(2, 2)])))
    talk.machine.clockSays(year: 2027)
    #expect(talk.machine.ticked(at: talk.now).releaseItems == nil)
  }

  @Test func aReportOfTheOldYearGoesWithARequestOfTheNew() throws {
    var talk = try ahead()
    #expect(talk.machine.coordinatorWentAway(at: talk.now).isEmpty)
    #expect(talk.request(second).delivered(to: second) == [block(2, 2)])
    talk.machine.clockSays(year: 2027)
    #expect(talk.request(third).refusal(of: third) == .coordinatorUnavailable)
    let back = talk.machine.coordinatorCameBack(at: talk.now)
    #expect(back.commitPlan?.lines.map(\.delivered) == [true])
    let done = try talk.commit(back)
    let turned = done.releaseItems == nil ? talk.machine.ticked(at: talk.now) : done
    #expect(turned.releaseItems?.map(\.handedOut) == [2])
  }

  // MARK: - Named years

  @Test func aNamedYearIsNotOverByAnyClock() throws {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: 5, largest: 0)),
      namedYear: 2025)
    talk.machine.clockSays(year: 2026)
    let old = Counter(kind: .job, year: 2025)
    let asked = talk.request(first)
    #expect(asked.acquirePlan?.stream.namedYear == 2025)
    _ = try talk.commit(try talk.grant(1...100, answering: asked, counter: old))
    #expect(talk.machine.ticked(at: talk.now).releaseItems == nil)
    #expect(talk.request(second).contains(.deliver(second, old, [block(2, 2)])))
  }
}
