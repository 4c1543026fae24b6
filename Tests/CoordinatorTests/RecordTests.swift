import Allocator
import CoordinatorConformance
import DatabaseFixture
import Foundation
import LeaseCore
import LibPQ
import LocalCluster
import SerialFormat
import Testing

/// Records that somebody brought into the tables around their guards, as an old application did.
struct RecordTests {
  private func prepare(_ harness: PostgresHarness, recording serials: [String]) async throws {
    let rows = serials.map { "('\($0)', 'a job', 1)" }.joined(separator: ", ")
    try await harness.database.sql(
      """
      ALTER TABLE public.jobs DROP CONSTRAINT jobs_serial_form;
      SET session_replication_role = replica;
      INSERT INTO public.jobs (job_serial, name, created_by) VALUES \(rows)
      """)
  }

  @Test func aRecordedNumberIsNeverStruckOutAndIsNoGap() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(5)
      try await one.commit(5, of: &held)
      _ = try await one.release(held)
      let year = held.counter.year
      // old forms, another year and another kind say nothing about these numbers
      try await prepare(
        harness,
        recording: [
          "J\(year)00002", "J\(year)00004", "JOB-\(year)-000001", "J\(year)0003",
          "J\(year + 1)00005",
          "J\(year)00000", "T\(year)00003",
        ])
      let operating = try await harness.operating
      func void(_ numbers: ClosedRange<Int>) async throws -> VoidOutcome {
        let block = try #require(Block(first: numbers.lowerBound, last: numbers.upperBound))
        return try await operating.void(block, of: held.counter, reason: "r", by: "tester")
      }
      #expect(try await void(1...5) == .recorded(2))
      #expect(try await void(3...9) == .recorded(4))
      #expect(try await void(5...9) == .done(5))
      let gaps = try await harness.reading.gaps(
        GapQuery(kind: .job, year: year, after: nil, limit: 100))
      #expect(
        gaps.map { "\($0.block) \($0.state.rawValue)" } == [
          "1 issued", "3 issued", "5...9 void",
        ])
      #expect(try await harness.reading.verify().isEmpty)
    }
  }

  /// What nobody issued and what was struck out must not be recorded: verify says so.
  @Test func verifyFindsRecordsThatWereNotIssued() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(5)
      try await one.commit(3, of: &held)
      let year = held.counter.year
      try await prepare(
        harness, recording: ["J\(year)00003", "J\(year)00004", "J\(year)00077"])
      let found = try await harness.reading.verify()
      #expect(found.map(\.check) == ["record-not-issued", "record-not-issued"])
      #expect(found.map { $0.block?.first } == [4, 77])
    }
  }

  /// Each kind of disagreement that somebody who goes around the constraints can make is found.
  @Test(arguments: [
    (
      """
      INSERT INTO serial.issue_log
        (kind, year, numbers, lease_id, node, boot_id, subject, request_id)
      SELECT 'job', year, '[500,501]', lease_id, node, boot_id, 'x', gen_random_uuid()
        FROM serial.leases
      """, ["line-not-issued", "line-of-another-lease"]
    ),
    (
      """
      INSERT INTO serial.issue_log
        (kind, year, numbers, lease_id, node, boot_id, subject, request_id, again)
      SELECT 'job', year, '[5,5]', lease_id, node, boot_id, 'x', gen_random_uuid(), true
        FROM serial.leases
      """, ["again-without-line"]
    ),
    (
      """
      INSERT INTO serial.idempotency_keys
        (subject, route, key, request_hash, kind, year, numbers, request_id, node)
      SELECT 'x', 'r', 'k', 'h', 'job', year, '{[1,2]}', gen_random_uuid(), 'eu-1'
        FROM serial.leases
      """, ["key-without-line"]
    ),
    (
      "UPDATE serial.boots SET ended_at = greatest(now(), started_at)",
      ["lease-of-ended-process"]
    ),
    (
      """
      SET session_replication_role = replica;
      INSERT INTO serial.free_ranges SELECT 'job', year, '[1,2]' FROM serial.counters
      """, ["free-and-held", "sum"]
    ),
    (
      """
      SET session_replication_role = replica;
      INSERT INTO serial.void_ranges SELECT 'job', year, '[8,9]', 'r', 'me' FROM serial.counters
      """, ["leased-and-used", "sum"]
    ),
    (
      """
      SET session_replication_role = replica;
      UPDATE serial.counters SET next_number = next_number + 10
      """, ["nowhere", "sum"]
    ),
    (
      """
      SET session_replication_role = replica;
      UPDATE serial.counters SET settled = settled + 1
      """, ["settled", "sum"]
    ),
  ])
  func verifyFindsWhatDoesNotAgree(change: String, checks: [String]) async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(10)
      // 1...3 with a line, 4...5 without one
      let line = TestProcess.Asked(try #require(Block(first: 1, last: 3)))
      try await one.commit(held.plan(through: 5, asked: [line]), of: &held)
      #expect(try await harness.reading.verify().isEmpty)
      try await harness.database.sql(change)
      let found = try await harness.reading.verify()
      #expect(Set(found.map(\.check)) == Set(checks), "\(found)")
    }
  }
}
