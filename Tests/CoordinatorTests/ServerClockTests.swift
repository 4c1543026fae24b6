import Allocator
import CoordinatorConformance
import DatabaseFixture
import Foundation
import LeaseCore
import LibPQ
import LocalCluster
import SerialFormat
import Testing

/// What hangs on the coordinator's clock, year and settings, which only an administrator can move.
struct ServerClockTests {
  private func number(_ harness: PostgresHarness, _ sql: String) async throws -> Double {
    let text = try await harness.database.sql(sql).trimmingCharacters(in: .whitespacesAndNewlines)
    return try #require(Double(text), "\(text)")
  }

  @Test func aClockThatSteppedBackClipsExpiries() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      _ = try await one.lease(10)
      // as if the lease had been granted an hour later than now
      try await harness.database.sql(
        "UPDATE serial.leases SET expires_at = expires_at + interval '1 hour'")
      #expect(try await one.coordinator.reapExpired() == 0)
      let seconds = try await number(
        harness, "SELECT extract(epoch FROM max(expires_at - now())) FROM serial.leases")
      #expect(seconds <= 60)
      // and a node can be started again
      try await harness.database.sql(
        "UPDATE serial.boots SET started_at = started_at + interval '1 hour'")
      _ = try await TestProcess.boot("eu-1", on: harness)
    }
  }

  @Test func commitsAndRenewalsRenew() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(10)
      let age = "UPDATE serial.leases SET expires_at = now() + interval '5 s'"
      let left = "SELECT extract(epoch FROM max(expires_at - now())) FROM serial.leases"
      try await harness.database.sql(age)
      try await one.commit(1, of: &held)
      #expect(try await number(harness, left) > 30)
      try await harness.database.sql(age)
      _ = try await one.coordinator.renew([held.lease])
      #expect(try await number(harness, left) > 30)
      try await harness.database.sql(
        "UPDATE serial.boots SET last_seen_at = now() - interval '1 hour'")
      _ = try await one.coordinator.renew([])
      let unseen = try await number(
        harness,
        "SELECT extract(epoch FROM max(now() - last_seen_at)) FROM serial.boots WHERE node = 'eu-1'"
      )
      #expect(unseen < 30)
    }
  }

  @Test func processesThatWereNotHeardOfDoNotCountAsNodes() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      _ = try await TestProcess.boot("us-1", on: harness)
      try await harness.database.sql(
        "UPDATE serial.boots SET last_seen_at = now() - interval '1 hour' WHERE node = 'us-1'")
      let (_, held) = try await one.acquire(needed: 1, wanted: 99_999)
      #expect(held.map(\.block.count) == [99_999 / 4])
    }
  }

  @Test func aCommitChecksTheYearOfTheCoordinator() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let names = TestProcess.names(1)
      let year = Int(try await number(harness, "SELECT serial.running_year()")) + 1
      let plan = AcquirePlan(
        stream: IssueStream(kind: .job, namedYear: year), needed: 5, wanted: 5, leases: names)
      let reply = try await one.coordinator.acquire(plan)
      #expect(reply.counter.year == year)
      let held = TestProcess.Held(
        lease: LeaseReference(id: names[0].id, token: names[0].token, attempt: 0),
        counter: reply.counter, block: try #require(reply.grants.first?.block), committedThrough: 0)
      // the running year went on without it
      try await harness.database.sql("UPDATE serial.leases SET named_year = false")
      let refused = try await one.coordinator.commit(held.plan(raisingBy: 1))
      #expect(refused.leases.map(\.outcome) == [.yearOver])
      try await harness.database.sql("UPDATE serial.leases SET named_year = true")
      let done = try await one.coordinator.commit(held.plan(raisingBy: 1))
      #expect(done.leases.map(\.outcome) == [.committed])
      for far in [year + 1, 1999] {
        let beyond = AcquirePlan(
          stream: IssueStream(kind: .job, namedYear: far), needed: 1, wanted: 1,
          leases: TestProcess.names(1))
        await #expect(throws: CoordinatorError.self) { try await one.coordinator.acquire(beyond) }
      }
    }
  }

  /// A session that does not wait for the standby is made to.
  @Test func theFunctionsTurnSynchronousCommitOn() async throws {
    let database = try await Fixture.shared.database()
    let node = try await database.connect(as: "eu-1")
    let boot = UUID().uuidString
    let lease = UUID().uuidString
    let ids = "ARRAY['\(lease)'::uuid], ARRAY['\(lease)'::uuid]"
    for call in [
      "serial.register_boot('\(boot)', 60000)",
      "serial.acquire_blocks('\(boot)', 'job', NULL, 1, 1, 60000, \(ids), false, false)",
      "serial.commit_numbers('\(boot)', \(ids), '{0}', '{0}', '{0}', '{1}', '{0}', 60000, '{}', '{}', "
        + "'{}', '{}', '{}', '{}', '{}', false, '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
      "serial.read_back('\(boot)', \(ids), '{1}', false)",
      "serial.renew_leases('\(boot)', \(ids), 60000)",
      "serial.release_leases('\(boot)', \(ids), '{1}')", "serial.reap_expired()",
      "serial.resolve_keys('{a}', '{r}', '{k}', '{h}')",
      "serial.report_holdings('\(boot)', 1, NULL, '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
      "serial.void_numbers('job', 2026, 99999, 99999, 'r', 'me')",
      "serial.unvoid_numbers('job', 2026, 99999, 99999, 'r', 'me')",
      "serial.set_frozen('target', 2026, false, 'r', 'me')",
      "serial.set_reserve('target', 2026, 0, 'me')", "serial.set_quota('a', 1, NULL, 'me')",
      "serial.drain_node('eu-2', 'me')", "serial.retire_node('us-1', 'r', 'me')",
      "serial.recover_grants('r', 'me')", "serial.set_recovery(1000, NULL, 'me')",
    ] {
      _ = try await node.simpleScript("BEGIN; SET LOCAL synchronous_commit = off")
      _ = try await node.simpleScript("SELECT * FROM \(call)")
      let setting = try await node.simpleScript("SHOW synchronous_commit")
      #expect(
        try setting.singleRow().decode("synchronous_commit", as: String.self) == "on", "\(call)")
      _ = try await node.simpleScript("COMMIT")
    }
    await node.close()
  }

  /// One statement at a time for what is another node's: it cannot lock its rows.
  @Test func aNodeCannotHoldAnothersLeasesLocked() async throws {
    try await PostgresHarness.run { harness in
      let victim = try await TestProcess.boot("eu-1", on: harness)
      let attacker = try await TestProcess.boot("us-1", on: harness)
      var held = try await victim.lease(10)
      let session = try await harness.database.connect(as: "us-1")
      let id = held.lease.id
      let token = UUID().uuidString
      let boot = attacker.boot
      for call in [
        "serial.renew_leases('\(boot)', '{\(id)}', '{\(token)}', 60000)",
        "serial.read_back('\(boot)', '{\(id)}', '{\(token)}', '{1}', false)",
        "serial.release_leases('\(boot)', '{\(id)}', '{\(token)}', '{0}')",
        "serial.commit_numbers('\(boot)', '{\(id)}', '{\(token)}', '{0}', '{0}', '{0}', '{1}', '{0}', "
          + "60000, '{}', '{}', '{}', '{}', '{}', '{}', '{}', false, '{}', '{}', '{}', '{}', '{}', '{}', "
          + "'{}')",
        "serial.report_holdings('\(boot)', 1, NULL, '{\(id)}', '{job}', '{2026}', '{1}', '{10}', "
          + "'{0}', '{t}')",
      ] {
        _ = try await session.simpleScript("BEGIN")
        _ = try await session.simpleScript("SELECT * FROM \(call)")
        try await victim.commit(1, of: &held)
        _ = try await session.simpleScript("ROLLBACK")
      }
      await session.close()
    }
  }

  /// A thousand leases that end at once are one check of the ledger, not a thousand.
  @Test func endingManyLeasesStaysWithinTheLimitOfAStatement() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      for _ in 0..<1_000 {
        _ = try await one.acquire(needed: 1, wanted: 1, names: TestProcess.names(1))
      }
      try await harness.expireLeases(of: "eu-1")
      let two = try await TestProcess.boot("us-1", on: harness)
      var reaped = 0
      for _ in 0..<8 { reaped += try await two.coordinator.reapExpired() }
      #expect(reaped == 1_000)
      try await expectLedgersBalance(harness)
    }
  }
}
