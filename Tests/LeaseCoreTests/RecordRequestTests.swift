import LeaseCore
import SerialFormat
import Testing

/// Requests with records: their rows go with the commit, and their numbers are theirs for good.
struct RecordRequestTests {
  let first = RequestID.number(1)
  let second = RequestID.number(2)
  let third = RequestID.number(3)

  /// 1...100 are held, 1 is issued.
  private func holding(ahead: Int = 0) throws -> Conversation {
    var talk = Conversation(
      settings: LeaseMachine.Settings(commitAhead: CommitAhead(floor: ahead, largest: 0)))
    _ = try talk.commit(try talk.grant(1...100, answering: talk.request(.number(0))))
    return talk
  }

  /// A batch of requests, of which those with rows have a number for each row.
  private func batch(
    _ talk: inout Conversation, _ requests: (RequestID, rows: Int)...
  ) throws -> [MachineAction] {
    let busy = talk.request(.number(100))
    for (id, rows) in requests {
      _ = talk.request(id, max(rows, 1), records: (0..<rows).map { "row \($0)" })
    }
    return try talk.commit(busy)
  }

  // MARK: - The commit

  @Test func theRowsGoWithTheCommit() throws {
    var talk = try holding()
    let sent = try batch(&talk, (first, 2), (second, 0), (third, 1))
    #expect(sent.commitPlan?.lines.map(\.request) == [first, second, third])
    #expect(
      sent.commitPlan?.records == [
        RecordClaim(request: first, rows: ["row 0", "row 1"]),
        RecordClaim(request: third, rows: ["row 0"]),
      ])
    let done = try talk.commit(sent)
    #expect(done.delivered(to: first) == [block(3, 4)])
    #expect(done.delivered(to: second) == [block(5, 5)])
    #expect(done.delivered(to: third) == [block(6, 6)])
  }

  @Test func theCoordinatorSeesARequestWithRecordsFirst() throws {
    var talk = try holding(ahead: 5)
    let asked = talk.request(first, records: ["row"])
    #expect(asked.delivered(to: first) == nil)
    // it may take what lies ahead, by a commit
    #expect(asked.commitPlan?.lines.map(\.block) == [block(2, 2)])
    #expect(asked.commitPlan?.lines.map(\.delivered) == [false])
    #expect(asked.commitPlan?.records.map(\.request) == [first])
    #expect(try talk.commit(asked).delivered(to: first) == [block(2, 2)])
  }

  @Test func whatProvedToHaveNoCallerMayGetARecord() throws {
    var talk = try holding()
    let sent = talk.request(first)
    _ = talk.machine.cancelled(first, at: talk.now)
    #expect(try talk.commit(sent).notes == [.stocked(1)])
    let asked = talk.request(second, 2, records: ["a", "b"])
    #expect(asked.commitPlan?.lines.map(\.again) == [true, false])
    #expect(try talk.commit(asked).delivered(to: second) == [block(2, 2), block(3, 3)])
  }

  @Test func rowsAreBoundedInNumberAndInBytes() throws {
    let large = String(repeating: "x", count: 1 << 20)
    for (records, fitting) in [
      (Array(repeating: "row", count: 1000), 2), (Array(repeating: large, count: 2), 2),
      (Array(repeating: large, count: 3), 1), (Array(repeating: large, count: 9), 1),
    ] {
      var talk = Conversation()
      let busy = try talk.grant(1...90_000, answering: talk.request(.number(0)))
      for number in 1...3 {
        _ = talk.request(.number(number), records.count, records: records)
        _ = talk.request(.number(number + 10))
      }
      var sent = try talk.commit(busy)
      #expect(sent.commitPlan?.records.count == fitting, "\(records.count)")
      #expect(sent.commitPlan?.lines.count == 2 * fitting, "\(records.count)")
      var delivered = 0
      while sent.commitPlan != nil {
        sent = try talk.commit(sent)
        delivered += sent.filter { if case .deliver = $0 { true } else { false } }.count
      }
      #expect(delivered == 6, "\(records.count)")
    }
  }

  // MARK: - Numbers with records are never stocked

  private func expectNothingInStock(
    _ talk: inout Conversation, _ actions: [MachineAction], next: Int
  ) {
    #expect(!actions.notes.contains { if case .stocked = $0 { true } else { false } })
    #expect(talk.machine.atStakeCount == 0)
    let asked = talk.request(third)
    #expect(asked.commitPlan?.lines.map(\.block) == [block(next, next)])
  }

  @Test func aCallerWhoWentAwayLeavesItsNumbersToItsRecords() throws {
    var talk = try holding()
    let sent = talk.request(first, 2, records: ["a", "b"])
    _ = talk.machine.cancelled(first, at: talk.now)
    expectNothingInStock(&talk, try talk.commit(sent), next: 4)
  }

  @Test func soDoesADeadline() throws {
    var talk = try holding()
    let sent = talk.request(first, within: 100, records: ["a"])
    talk.pass(100)
    #expect(talk.machine.ticked(at: talk.now).refusal(of: first) == .outcomeUnknown)
    expectNothingInStock(&talk, try talk.commit(sent), next: 3)
  }

  @Test func soDoesAnOutcomeThatWasUnknown() throws {
    var talk = try holding()
    let sent = talk.request(first, records: ["a"])
    _ = talk.machine.commitFailed(.unknown, at: talk.now)
    talk.pass(500)
    #expect(talk.machine.ticked(at: talk.now).refusal(of: first) == .outcomeUnknown)
    let found = talk.readBack(try #require(sent.commitPlan), done: true)
    expectNothingInStock(&talk, found, next: 3)
  }

  @Test func whatWasNotDoneIsSentAgainWithItsRows() throws {
    var talk = try holding()
    let sent = talk.request(first, records: ["a"])
    _ = talk.machine.commitFailed(.unknown, at: talk.now)
    let found = talk.readBack(try #require(sent.commitPlan), done: false)
    #expect(found.commitPlan?.records == [RecordClaim(request: first, rows: ["a"])])
    #expect(try talk.commit(found).delivered(to: first) == [block(2, 2)])
  }

  // MARK: - Refused records

  @Test func aRefusedRecordFailsAlone() throws {
    var talk = try holding()
    let sent = try batch(&talk, (first, 1), (second, 2), (third, 0))
    let refused = try talk.refuse(
      sent, RefusedRequest(request: second, reason: .recordRefused, detail: "record 2: no"))
    #expect(refused.refusal(of: second) == .recordRefused("record 2: no"))
    #expect(refused.commitPlan?.lines.map(\.request) == [first, third])
    #expect(refused.commitPlan?.records.map(\.request) == [first])
    let done = try talk.commit(refused)
    #expect(done.delivered(to: first) == [block(3, 3)])
    #expect(done.delivered(to: third) == [block(4, 4)])
  }

  // MARK: - Rejected statements

  @Test func afterARejectionEachRequestWithRecordsIsTriedAlone() throws {
    var talk = try holding()
    _ = try batch(&talk, (first, 1), (second, 1), (third, 0))
    _ = talk.request(.number(4), records: ["late"])
    // those without records go first, then one by one in order
    var sent = talk.machine.commitFailed(.rejected, at: talk.now)
    #expect(sent.allSatisfy { if case .fail = $0 { false } else { true } })
    #expect(sent.commitPlan?.lines.map(\.request) == [third])
    sent = try talk.commit(sent)
    #expect(sent.delivered(to: third) == [block(3, 3)])
    #expect(sent.commitPlan?.lines.map(\.request) == [first])
    // the culprit fails alone, and nobody else
    sent = talk.machine.commitFailed(.rejected, at: talk.now)
    #expect(sent.refusal(of: first) == .rejected)
    #expect(sent.refusal(of: second) == nil)
    #expect(sent.commitPlan?.lines.map(\.request) == [second])
    sent = try talk.commit(sent)
    #expect(sent.delivered(to: second) == [block(4, 4)])
    #expect(sent.commitPlan?.lines.map(\.request) == [.number(4)], "it was in no such statement")
    #expect(try talk.commit(sent).delivered(to: .number(4)) == [block(5, 5)])
  }

  @Test func aRejectionBecauseOfARowDropsNoReport() throws {
    var talk = try holding(ahead: 5)
    // 2 is handed out ahead; its line goes with the rows
    let busy = talk.request(first, records: ["a"])
    #expect(talk.request(second).delivered(to: second) == [block(3, 3)])
    _ = talk.request(third, records: ["b"])
    let sent = try talk.commit(busy)
    #expect(sent.commitPlan?.lines.map(\.delivered) == [true, false])
    let alone = talk.machine.commitFailed(.rejected, at: talk.now)
    #expect(alone.notes.isEmpty)
    #expect(alone.commitPlan?.lines.map(\.request) == [third])
    #expect(
      alone.commitPlan?.raises.allSatisfy { $0.through == $0.expected } == true,
      "nothing is raised ahead with it")
    let failed = talk.machine.commitFailed(.rejected, at: talk.now)
    #expect(failed.refusal(of: third) == .rejected)
    #expect(failed.notes.isEmpty)
    #expect(failed.commitPlan?.lines.map(\.request) == [second], "the report comes after it")
  }

  @Test func whenOneWaitsForALockTheOthersDoNot() throws {
    var talk = try holding()
    _ = try batch(&talk, (first, 1), (second, 0))
    _ = talk.request(third)
    _ = talk.machine.commitFailed(.notDone, at: talk.now)
    talk.pass(200)
    let sent = talk.machine.ticked(at: talk.now)
    #expect(sent.commitPlan?.lines.map(\.request) == [second, third])
    let alone = try talk.commit(sent)
    #expect(alone.commitPlan?.lines.map(\.request) == [first])
    _ = talk.request(.number(4))
    _ = talk.machine.commitFailed(.notDone, at: talk.now)
    talk.pass(200)
    #expect(talk.machine.ticked(at: talk.now).commitPlan?.lines.map(\.request) == [.number(4)])
  }

  // MARK: - Numbers that records carry already

  /// 2...4 are in the stock, with lines.
  private func stocked() throws -> Conversation {
    var talk = try holding()
    let sent = talk.request(first, 3)
    _ = talk.machine.cancelled(first, at: talk.now)
    _ = try talk.commit(sent)
    return talk
  }

  @Test func aRecordedNumberLeavesTheStockForGood() throws {
    var talk = try stocked()
    let asked = talk.request(second, 2)
    #expect(asked.commitPlan?.lines.map(\.block) == [block(2, 3)])
    let next = try talk.carried(asked, 3)
    #expect(next.notes == [.recorded(1)], "it is neither lost nor abandoned")
    #expect(next.commitPlan?.lines.map(\.block) == [block(2, 2), block(4, 4)])
    #expect(try talk.commit(next).delivered(to: second) == [block(2, 2), block(4, 4)])
    #expect(talk.request(third).commitPlan?.lines.map(\.block) == [block(5, 5)])
  }

  @Test func whenNothingIsLeftOfTheStockFreshNumbersAreTaken() throws {
    var talk = try stocked()
    let next = try talk.carried(talk.request(second, 3, records: ["a", "b", "c"]), 2, 3, 4)
    #expect(next.notes == [.recorded(3)])
    #expect(next.commitPlan?.lines.map(\.block) == [block(5, 7)])
    #expect(next.commitPlan?.lines.map(\.again) == [false])
    #expect(talk.machine.atStakeCount == 3)
  }

  @Test func aNumberThatWasNotToBeHandedOutMakesNoLoop() throws {
    var talk = try holding()
    var actions = talk.request(first)
    var sent = 0
    while actions.commitPlan != nil, sent < 100 {
      sent += 1
      actions = try talk.carried(actions, 99_999)
    }
    #expect(sent == 1, "\(sent) statements without a pause")
    talk.pass(200)
    #expect(talk.machine.ticked(at: talk.now).commitPlan != nil)
  }

  /// Somebody who goes around the guards may record what nobody issued.
  @Test func aRecordOfAFreshNumberIsPassedOver() throws {
    var talk = try holding(ahead: 3)
    // 2...4 lie ahead
    let taken = talk.request(first, 5, records: (0..<5).map { "\($0)" })
    #expect(taken.commitPlan?.lines.map(\.block) == [block(2, 4), block(5, 6)])
    let next = try talk.carried(taken, 3, 5, 8)
    #expect(next.notes == [.recorded(3)])
    #expect(
      next.commitPlan?.lines.map(\.block)
        == [block(2, 2), block(4, 4), block(6, 7), block(9, 9)])
    let done = try talk.commit(next)
    #expect(done.delivered(to: first)?.flatMap(\.numbers) == [2, 4, 6, 7, 9])
    #expect(talk.request(second, 3).delivered(to: second) == [block(10, 12)])
  }
}
