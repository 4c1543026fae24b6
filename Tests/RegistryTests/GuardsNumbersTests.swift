import DatabaseFixture
import LibPQ
import LocalCluster
import Testing

/// Jobs and targets that an application inserts without a serial: the next free number, beside the
/// nodes, and none lost.
struct GuardsNumbersTests {
  static let year = "serial.running_year()"

  @Test func manyConnectionsAndNodesShareTheCounter() async throws {
    let world = try await GuardsWorld.make()
    try await world.register()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let node = try await world.database.connect(as: "eu-1", limits: GuardsWorld.patient)
        for _ in 0..<20 {
          let grant = GuardsWorld.acquiring("job", needed: 3)
          #expect(try await value(grant, on: node) == "granted")
          _ = try await node.simpleScript("SELECT serial.reap_expired()")
        }
        await node.close()
      }
      group.addTask {
        try await world.together(30) { index, connection in
          for round in 0..<4 {
            let end = (index + round) % 4 == 0 ? "ROLLBACK" : "COMMIT"
            _ = try await connection.simpleScript(
              "BEGIN; INSERT INTO jobs (name, created_by) VALUES ('n', 1); \(end)")
          }
        }
      }
      try await group.waitForAll()
    }
    let counted = try await world.database.sql(
      "SELECT count(*), count(DISTINCT job_serial), count(DISTINCT job_uuid) FROM jobs")
    #expect(counted == "90|90|90")
    try await world.expectNoDeadlock()
    try await world.expectBalanced()
    let issued = try await world.database.sql(
      "SELECT sum(upper(numbers) - lower(numbers)) FROM serial.issue_log WHERE node = 'database'")
    #expect(issued == "90", "a number was issued that no record carries")
    let who = try await world.database.sql(
      """
      SELECT DISTINCT l.state, l.node, l.subject FROM jobs j CROSS JOIN LATERAL
        serial.locate_number('job', \(Self.year), substr(job_serial, 6)::integer) l
      """)
    #expect(who == "issued|database|role:\(world.application)")
  }

  /// The stock is there for this: what an open transaction took is nobody's business but its own.
  @Test func anIdleTransactionStopsNeitherNodesNorOthers() async throws {
    let world = try await GuardsWorld.furnished()
    try await world.register()
    let idle = try await world.connect()
    let first = try await value(
      "BEGIN; INSERT INTO jobs (name, created_by) VALUES ('idle', 1) RETURNING job_serial",
      on: idle)
    #expect(try await world.acquire("job", needed: 5).hasPrefix("granted"))
    try await world.node("SELECT serial.reap_expired()")
    for _ in 0..<12 {
      let other = try await world.sql(
        "INSERT INTO jobs (name, created_by) VALUES ('other', 1) RETURNING job_serial")
      #expect(other != first)
    }
    #expect(try await world.acquire("job", needed: 5).hasPrefix("granted"))
    try await world.expectBalanced()
    _ = try await idle.simpleScript("ROLLBACK")
    await idle.close()
    try await world.expectBalanced()
    let next = try await world.sql(
      "INSERT INTO jobs (name, created_by) VALUES ('next', 1) RETURNING job_serial")
    #expect(next == first, "the number of the transaction that was rolled back is the lowest")
  }

  @Test func oneStatementOfManyRowsAndCopyAreNumberedInOrder() async throws {
    let world = try await GuardsWorld.make()
    try await world.sql(
      """
      INSERT INTO universal_targets (name, os_type) SELECT 't' || n, 'linux'
        FROM generate_series(1, 300) n
      """)
    try await world.database.sql(
      "COPY universal_targets (name, os_type) FROM PROGRAM 'printf \"t301\\tx\\nt302\\tx\\n\"'")
    let wrong = try await world.database.sql(
      """
      SELECT count(*), count(*) FILTER (WHERE substr(name, 2)::integer
        <> substr(target_serial, 6)::integer) FROM universal_targets
      """)
    #expect(wrong == "302|0")
    try await world.expectBalanced()
    // one line for each stretch, not for each number
    let lines = try await world.database.sql("SELECT count(*) < 20 FROM serial.issue_log")
    #expect(lines == "t")
  }

  @Test func aRowThatOnConflictLeavesOutBurnsNothing() async throws {
    let world = try await GuardsWorld.furnished()
    let rows = try await world.sql(
      """
      INSERT INTO jobs (id, name, created_by) SELECT 1, 'again', 1 FROM generate_series(1, 50)
        ON CONFLICT DO NOTHING;
      INSERT INTO jobs (id, name, created_by, job_serial) VALUES (1, 'again', 1, 'JOB-2026-000900')
        ON CONFLICT (id) DO UPDATE SET name = excluded.name;
      INSERT INTO jobs (id, name, created_by, job_serial)
        VALUES (1, 'again', 1, 'JOB-2026-000901'), (77, 'new', 1, NULL)
        ON CONFLICT DO NOTHING RETURNING id, right(job_serial, 5)
      """)
    #expect(rows == "77|00002")
    #expect(try await world.ledger("job").hasPrefix("2|"))
    let aliases = try await world.database.sql("SELECT * FROM serial.aliases")
    #expect(aliases == "")
    #expect(try await world.database.sql("SELECT * FROM serial.renumberings") == "")
    try await world.expectBalanced()
  }

  /// Leaves so many job numbers of the running year.
  private func leave(_ numbers: Int, of world: GuardsWorld) async throws {
    let outcome = try await world.node(
      """
      SELECT outcome FROM serial.void_numbers('job', (\(Self.year)), 1, \(99_999 - numbers),
        'test', 'test')
      """)
    #expect(outcome == "done")
  }

  @Test func theLastNumberAndTheOneAfterIt() async throws {
    let world = try await GuardsWorld.make()
    try await world.register()
    try await leave(7, of: world)
    try await world.sql(
      "INSERT INTO jobs (name, created_by) SELECT 'n', 1 FROM generate_series(1, 4)")
    let connection = try await world.connect()
    let insert = "INSERT INTO jobs (name, created_by) VALUES ('n', 1)"
    try await world.expectRefused(
      "\(insert), ('n', 1), ('n', 1), ('n', 1)", "SR001", on: connection, naming: "all 99999")
    // three are left: a node takes two, which may come back
    #expect(try await world.acquire("job", needed: 2).hasPrefix("granted"))
    _ = try await connection.simpleScript(insert)
    try await world.expectRefused(insert, "SR003", on: connection, naming: "held by nodes")
    try await world.expectBalanced()
    try await world.database.sql(
      "UPDATE serial.leases SET expires_at = clock_timestamp() WHERE node = 'eu-1'")
    _ = try await connection.simpleScript(insert)
    _ = try await connection.simpleScript(insert)
    try await world.expectRefused(insert, "SR001", on: connection)
    #expect(try await world.acquire("job") == "none||")
    #expect(try await world.ledger("job") == "7|0|0")
    await connection.close()
    try await world.expectBalanced()
  }

  /// The stock is in nobody's way: a node that finds too little free gets it.
  @Test func aNodeTakesTheLastNumbersWhileThereIsStock() async throws {
    let world = try await GuardsWorld.furnished()
    try await world.register()
    #expect(try await world.ledger("job") == "1|8|99990")
    try await world.database.sql(
      """
      SELECT serial.lock_counter('job', \(Self.year));
      INSERT INTO serial.void_ranges (kind, year, numbers, reason, voided_by)
        VALUES ('job', \(Self.year), int4range(10, 99990), 'test', 'test');
      SELECT serial.take_out('job', \(Self.year), 10, 99989)
      """)
    #expect(try await world.ledger("job") == "1|8|10")
    let all = try await world.acquire("job", needed: 18)
    #expect(all.hasPrefix("granted|2|9"), "\(all)")
    try await world.expectBalanced()
    let rest = try await world.acquire("job", needed: 10)
    #expect(rest == "granted|99990|99999")
    #expect(try await world.ledger("job") == "1|18|0")
    try await world.expectBalanced()
  }

  @Test func whatAnOperatorSaysHoldsForApplications() async throws {
    let world = try await GuardsWorld.furnished()
    let connection = try await world.connect()
    let insert = "INSERT INTO jobs (name, created_by) VALUES ('n', 1)"
    try await world.node("SELECT serial.set_frozen('job', \(Self.year), true, 'test', 'test')")
    try await world.expectRefused(insert, "SR003", on: connection, naming: "froze")
    try await world.node("SELECT serial.set_frozen('job', \(Self.year), false, 'test', 'test')")
    _ = try await connection.simpleScript(insert)
    try await world.database.sql(
      "UPDATE serial.grant_state SET grants_open = false, reason = 'forgotten', closed_at = now()")
    try await world.expectRefused(insert, "SR003", on: connection, naming: "waits for its nodes")
    try await world.node("SELECT serial.recover_grants('test', 'test')")
    _ = try await connection.simpleScript(insert)
    try await world.node("SELECT serial.set_reserve('job', \(Self.year), 99999, 'test')")
    try await world.node("SELECT serial.reap_expired()")
    let none = try await world.database.sql(
      "SELECT count(*) FROM serial.leases WHERE state = 'live' AND node = 'database' AND kind = 'job'"
    )
    if none != "0" {
      // the timer leaves a full stock alone; a grant looks at it
      try await world.register()
      _ = try await world.acquire("job")
    }
    try await world.expectRefused(insert, "SR003", on: connection, naming: "reserve")
    await connection.close()
    try await world.expectBalanced()
  }

  @Test func stockOfAYearThatIsOverAndStockThatNobodyWantsComesBack() async throws {
    let world = try await GuardsWorld.furnished()
    try await world.database.sql(
      """
      INSERT INTO serial.counters (kind, year) VALUES ('job', \(Self.year) - 1);
      SELECT serial.take_out('job', \(Self.year) - 1, 1, 1);
      INSERT INTO serial.leases (lease_id, kind, year, node, boot_id, token, first, last,
          committed_through, handed_out_through, ttl, expires_at)
        SELECT gen_random_uuid(), 'job', \(Self.year) - 1, 'database', boot_id,
            gen_random_uuid(), 1, 1, 0, 0, interval '1 hour', now() + interval '1 hour'
          FROM serial.boots WHERE node = 'database'
      """)
    try await world.node("SELECT serial.reap_expired()")
    let old = try await world.database.sql(
      "SELECT leased, free FROM serial.ledger WHERE kind = 'job' AND year = \(Self.year) - 1")
    #expect(old == "0|99999")
    #expect(try await world.ledger("job") == "1|8|99990")
    try await world.database.sql(
      """
      ALTER TABLE serial.issue_log DISABLE TRIGGER ALL;
      UPDATE serial.issue_log SET issued_at = issued_at - interval '61 minutes';
      ALTER TABLE serial.issue_log ENABLE TRIGGER ALL
      """)
    try await world.node("SELECT serial.reap_expired()")
    #expect(try await world.ledger("job") == "1|0|99998")
    #expect(try await world.ledger("target") == "5|0|99994")
    try await world.expectBalanced()
  }

  @Test func thePseudoNodeIsNoNode() async throws {
    let world = try await GuardsWorld.furnished()
    let shown = try await world.database.sql(
      "SELECT count(*) FROM serial.node_status WHERE node = 'database'")
    #expect(shown == "0")
    try await world.database.sql(
      "UPDATE serial.grant_state SET grants_open = false, reason = 'forgotten', closed_at = now()")
    #expect(try await world.database.sql("SELECT serial.nodes_to_report()") == "{eu-1,eu-2,us-1}")
    for sql in [
      "SELECT serial.retire_node('database', 'x', 'x')",
      "DELETE FROM serial.nodes WHERE node = 'database'",
      "SELECT serial.enroll_node('database', 'eu')",
    ] {
      await #expect(throws: LocalClusterError.self, "\(sql)") {
        try await world.database.sql(sql)
      }
      if sql.contains("retire") {
        await #expect(throws: LocalClusterError.self) { try await world.node(sql) }
      }
    }
    await #expect(throws: LocalClusterError.self) {
      try await world.database.sql("CREATE ROLE pg_serial_database LOGIN")
    }
  }
}
