import Allocator
import CoordinatorConformance
import DatabaseFixture
import Foundation
import LeaseCore
import LibPQ
import LocalCluster
import SerialFormat
import Testing

/// What the coordinator makes of a report, number by number.
struct HoldingsTests {
  private func holding(
    _ numbers: ClosedRange<Int>, through: Int, exact: Bool = true, lease: LeaseID = LeaseID(UUID()),
    of process: TestProcess, _ counter: LeaseCore.Counter
  ) throws -> Holding {
    Holding(
      lease: lease, boot: process.boot, counter: counter,
      block: try #require(Block(first: numbers.lowerBound, last: numbers.upperBound)),
      issuedThrough: through, isExact: exact)
  }

  private func counter(_ harness: PostgresHarness) async throws -> LeaseCore.Counter {
    let entry = try await harness.reading.ledger().first { $0.counter.kind == .job }
    return try #require(entry).counter
  }

  private func report(
    _ process: TestProcess, _ harness: PostgresHarness, _ holdings: [Holding]
  ) async throws -> ReportAnswer {
    let generation = try await harness.reading.grants().generation
    let answer = try await process.coordinator.report(
      HoldingsReport(generation: generation, suspicion: nil, holdings: holdings))
    #expect(answer.outcome == .accepted)
    #expect(try await harness.reading.verify().isEmpty)
    return answer
  }

  @Test func whatWasForgottenIsTakenOutAndGrantsWaitForEveryNode() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let counter = try await counter(harness)
      let answer = try await report(
        one, harness, [try holding(10...30, through: 20, of: one, counter)])
      #expect(answer.carved == 11 && answer.overlapping == 0)
      #expect(!answer.facts.grantsAreOpen)
      let closed = try await one.acquire(needed: 1, wanted: 1)
      #expect(closed.reply.outcome == .grantsClosed)
      for node in ["eu-2", "us-1"] {
        let other = try await TestProcess.boot(node, on: harness)
        let again = try await other.coordinator.report(
          HoldingsReport(generation: 1, suspicion: nil, holdings: []))
        #expect(again.outcome == .again)
        _ = try await report(other, harness, [])
      }
      let (reply, held) = try await one.acquire(needed: 15, wanted: 15)
      #expect(reply.outcome == .granted)
      // 10...20 is granted to nobody
      #expect(held.map(\.block.description) == ["1...9", "21...26"])
    }
  }

  /// What may have been issued above what surely was is taken out as well, also by the very report that
  /// finds out that something was lost.
  @Test func aHoldingThatIsNotExactIsTakenWholeWhenSomethingIsSuspicious() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let counter = try await counter(harness)
      let answer = try await report(
        one, harness, [try holding(10...30, through: 20, exact: false, of: one, counter)])
      #expect(answer.carved == 21)
      // told again it is known
      #expect(
        try await report(
          one, harness, [try holding(10...30, through: 20, exact: false, of: one, counter)]
        ).carved == 0)
    }
  }

  /// And it is not when nothing is: what was given back of a lease whose process died is free.
  @Test func aHoldingThatIsNotExactCostsNothingWhenNothingWasLost() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(20)
      try await one.commit(5, of: &held)
      let two = try await TestProcess.boot("eu-1", on: harness)
      let answer = try await report(
        two, harness,
        [
          try holding(
            1...20, through: 5, exact: false, lease: held.lease.id, of: one, held.counter)
        ])
      #expect(answer.carved == 0 && answer.facts.grantsAreOpen)
      #expect(answer.settled.isEmpty)
      try await expectJobs(harness, issued: 5)
    }
  }

  /// The node may have died after the answer to the release and before it wrote it down.
  @Test func aReleasedLeaseIsClaimedOnlyAsFarAsItWasKept() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(20)
      // all of it committed ahead, three handed out
      let line = TestProcess.Asked(try #require(Block(first: 1, last: 3)))
      try await one.commit(held.plan(through: 20, asked: [line]), of: &held)
      let item = ReleaseItem(lease: held.lease, handedOut: 3)
      #expect(try await one.coordinator.release([item]).map(\.givenBack) == [17])
      let other = try await TestProcess.boot("us-1", on: harness)
      _ = try await other.lease(10)
      let answer = try await report(
        one, harness,
        [try holding(1...20, through: 20, lease: held.lease.id, of: one, held.counter)])
      #expect(answer.carved == 0 && answer.overlapping == 0 && answer.facts.grantsAreOpen)
      // and is remembered so: joined with others in the journal it would be claimed whole
      #expect(answer.settled == [.init(lease: held.lease.id, issuedThrough: 3)])
    }
  }

  /// What came back of it is another lease's now, which goes on.
  @Test func whatIsClaimedOfAReleasedLeaseEndsNoLaterOne() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(20)
      let line = TestProcess.Asked(try #require(Block(first: 1, last: 3)))
      try await one.commit(held.plan(through: 10, asked: [line]), of: &held)
      _ = try await one.coordinator.release([ReleaseItem(lease: held.lease, handedOut: 3)])
      var later = try await one.lease(20)
      try await one.commit(later.plan(through: 14, asked: []), of: &later)
      let answer = try await report(
        one, harness,
        [
          try holding(1...20, through: 10, lease: held.lease.id, of: one, held.counter),
          try holding(4...23, through: 14, lease: later.lease.id, of: one, later.counter),
        ])
      #expect(answer.carved == 0 && answer.overlapping == 0 && answer.facts.grantsAreOpen)
      #expect(try await one.coordinator.renew([later.lease]).leases.map(\.outcome) == [.live])
    }
  }

  /// Of a lease that was not released it keeps what it knows, though that lies in a carved one.
  @Test func whatIsKnownToBeIssuedOfAnExpiredLeaseStaysKnown() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(20)
      try await one.commit(5, of: &held)
      try await harness.expireLeases(of: "eu-1")
      _ = try await one.coordinator.reapExpired()
      let answer = try await report(
        one, harness,
        [try holding(1...20, through: 12, lease: held.lease.id, of: one, held.counter)])
      #expect(answer.carved == 7)
      #expect(answer.settled == [.init(lease: held.lease.id, issuedThrough: 12)])
    }
  }

  /// A release that the coordinator has forgotten is sent again: it frees nothing that another node proved
  /// issued meanwhile.
  @Test func aReleaseGivesNothingBackThatWasProvedIssued() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(20)
      try await one.commit(held.plan(through: 10, asked: []), of: &held)
      let other = try await TestProcess.boot("us-1", on: harness)
      let answer = try await other.coordinator.report(
        HoldingsReport(
          generation: 1, suspicion: nil,
          holdings: [try holding(1...5, through: 5, of: other, held.counter)]))
      #expect(answer.overlapping == 5)
      let item = ReleaseItem(lease: held.lease, handedOut: 0)
      let replies = try await one.coordinator.release([item])
      #expect(replies.map(\.givenBack) == [0])
      #expect(replies.map(\.issuedThrough) == [10])
      try await expectJobs(harness, issued: 10)
    }
  }

  /// Nor what the very same process issued from a later lease.
  @Test func aReleaseGivesNothingBackThatTheProcessIssuedFromAnotherLease() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(20)
      try await one.commit(held.plan(through: 10, asked: []), of: &held)
      let answer = try await report(
        one, harness, [try holding(1...5, through: 5, of: one, held.counter)])
      #expect(answer.carved == 0 && answer.overlapping == 0)
      let item = ReleaseItem(lease: held.lease, handedOut: 0)
      let replies = try await one.coordinator.release([item])
      #expect(replies.map(\.givenBack) == [0])
      try await expectJobs(harness, issued: 10)
    }
  }

  /// A live lease that is behind what its holder reports is closed through it.
  @Test func aLiveLeaseThatIsBehindIsClosedThroughWhatWasIssued() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(20)
      try await one.commit(5, of: &held)
      let answer = try await report(
        one, harness,
        [try holding(1...20, through: 12, lease: held.lease.id, of: one, held.counter)])
      #expect(answer.carved == 7)
      try await expectJobs(harness, issued: 12)
      #expect(try await one.coordinator.renew([held.lease]).leases.map(\.outcome) == [.closed])
    }
  }

  /// What somebody else has is an incident, and he issues no more of it.
  @Test func anOverlapIsAnIncidentAndEndsTheOtherLease() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let other = try await TestProcess.boot("us-1", on: harness)
      var taken = try await other.lease(20)
      try await other.commit(5, of: &taken)
      let answer = try await one.coordinator.report(
        HoldingsReport(
          generation: 1, suspicion: nil,
          holdings: [try holding(1...10, through: 10, of: one, taken.counter)]))
      #expect(answer.overlapping == 5 && answer.carved == 5)
      #expect(try await harness.reading.verify().map(\.check) == ["issued-twice"])
      let next = try await other.coordinator.commit(taken.plan(raisingBy: 1))
      #expect(next.leases.map(\.outcome) == [.closed])
      try await expectJobs(harness, issued: 10)
      let overlaps = try await harness.database.sql(
        "SELECT numbers, detail FROM serial.events WHERE event = 'overlap'")
      #expect(overlaps.contains("[1,6)") && overlaps.contains("us-1"), "\(overlaps)")
    }
  }

  /// It stays an incident, and does not close grants each time that it is told again.
  @Test func aKnownOverlapIsToldOnce() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let other = try await TestProcess.boot("us-1", on: harness)
      var taken = try await other.lease(20)
      try await other.commit(5, of: &taken)
      let holdings = [try holding(1...5, through: 5, of: one, taken.counter)]
      func tell() async throws -> ReportAnswer {
        try await one.coordinator.report(
          HoldingsReport(
            generation: try await harness.reading.grants().generation, suspicion: nil,
            holdings: holdings))
      }
      #expect(try await tell().overlapping == 5)
      #expect(
        try await harness.operating.recover(reason: "seen", by: "tester") == ["eu-2", "us-1"])
      let again = try await tell()
      #expect(again.overlapping == 0 && again.facts.grantsAreOpen)
      #expect(try await harness.reading.verify().map(\.check) == ["issued-twice"])
    }
  }

  /// The issue log that would keep them was lost with the rest.
  @Test func aReleaseGivesBackNothingThatAReportProved() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(10)
      try await one.commit(3, of: &held)
      #expect(
        try await report(
          one, harness,
          [try holding(1...10, through: 8, lease: held.lease.id, of: one, held.counter)]
        ).carved == 5)
      let item = ReleaseItem(lease: held.lease, handedOut: 3)
      #expect(try await one.coordinator.release([item]).map(\.givenBack) == [0])
      try await expectJobs(harness, issued: 8)
    }
  }

  /// Free as the restored coordinator sees it, struck out, and proved issued afterwards.
  @Test func aNumberThatWasStruckOutAndReportedIsIssuedWhenThatIsTakenBack() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let counter = try await counter(harness)
      let operating = try await harness.operating
      let five = try #require(Block(first: 5, last: 5))
      #expect(try await operating.void(five, of: counter, reason: "r", by: "tester") == .done(1))
      #expect(
        try await report(one, harness, [try holding(1...10, through: 10, of: one, counter)]).carved
          == 10)
      #expect(try await operating.unvoid(five, of: counter, reason: "r", by: "tester") == .done(1))
      try await expectJobs(harness, issued: 10)
      #expect(try await harness.reading.verify().isEmpty)
    }
  }

  /// A doubt stays one: a later suspicion claims the whole of it.
  @Test func aHoldingThatIsNotExactIsNeverSettled() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(10)
      try await one.commit(3, of: &held)
      try await harness.expireLeases(of: "eu-1")
      _ = try await one.coordinator.reapExpired()
      let doubtful = try holding(
        1...10, through: 3, exact: false, lease: held.lease.id, of: one, held.counter)
      let first = try await report(one, harness, [doubtful])
      #expect(first.settled.isEmpty && first.carved == 0)
      let suspicious = try await one.coordinator.report(
        HoldingsReport(
          generation: first.facts.generation, suspicion: .positionBehind, holdings: [doubtful]))
      #expect(suspicious.carved == 7)
    }
  }

  /// Joined entries of a journal are claimed whole, though the first lease of them kept less.
  @Test func whatTheJournalJoinedIsNotCutToOneLease() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(10)
      try await one.commit(5, of: &held)
      _ = try await one.release(held)
      let joined = Holding(
        lease: held.lease.id, boot: one.boot, counter: held.counter,
        block: try #require(Block(first: 1, last: 10)), issuedThrough: 10, isExact: true,
        isSettled: true)
      #expect(try await report(one, harness, [joined]).carved == 5)
    }
  }

  /// A node's role cannot burn years that nobody may allocate for, nor numbers that do not exist.
  @Test(arguments: [
    ("2099", "1", "10", "10"), ("1999", "1", "10", "10"), ("2026", "0", "10", "10"),
    ("2026", "1", "100000", "10"), ("2026", "5", "4", "4"), ("2026", "5", "9", "10"),
    ("2026", "5", "9", "3"),
  ])
  func aHoldingOutOfBoundsIsRefused(
    year: String, first: String, last: String, issued: String
  ) async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let session = try await harness.database.connect(as: "eu-1")
      do {
        _ = try await session.simpleScript(
          """
          SELECT serial.report_holdings('\(one.boot)', 1, NULL, '{NULL}', '{job}', '{\(year)}',
            '{\(first)}', '{\(last)}', '{\(issued)}', '{t}')
          """)
        Issue.record("accepted: \(year) \(first)...\(last)")
      } catch let error as LibPQError {
        #expect(error.sqlState == "22023", "\(error)")
      }
      // and no function runs on a snapshot that is older than its locks
      _ = try await session.simpleScript("BEGIN ISOLATION LEVEL REPEATABLE READ")
      do {
        _ = try await session.simpleScript("SELECT serial.reap_expired()")
        Issue.record("accepted under repeatable read")
      } catch let error as LibPQError {
        #expect(error.sqlState == "25000", "\(error)")
      }
      await session.close()
    }
  }

  private func expectJobs(_ harness: PostgresHarness, issued: Int) async throws {
    let entry = try await harness.reading.ledger().first { $0.counter.kind == .job }
    #expect(entry?.issued == issued)
    #expect(entry?.leased == 0)
  }
}
