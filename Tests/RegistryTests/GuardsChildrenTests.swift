import DatabaseFixture
import LibPQ
import LocalCluster
import Testing

/// Executions and results that an application inserts by SQL: numbers dense and in order, whoever
/// inserts them and however.
struct GuardsChildrenTests {
  @Test func fiftyConnectionsNumberTheExecutionsOfOneJob() async throws {
    let world = try await GuardsWorld.furnished()
    try await world.together(50) { _, connection in
      for _ in 0..<4 {
        _ = try await connection.simpleScript(
          "INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1)")
      }
    }
    let numbers = try await world.database.sql(
      """
      SELECT count(*), min(execution_number), max(execution_number),
        count(DISTINCT execution_number), count(DISTINCT execution_uuid),
        bool_and(execution_serial = j.job_serial || '.' || lpad(execution_number::text, 4, '0'))
      FROM job_executions e JOIN jobs j ON j.id = e.job_id
      """)
    #expect(numbers == "200|1|200|200|200|t")
    try await world.expectNoDeadlock()
  }

  @Test func aWholeRunInOneTransactionBesideNodesAndOthers() async throws {
    let world = try await GuardsWorld.furnished()
    try await world.register()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask {
          let node = try await world.database.connect(as: "eu-1", limits: GuardsWorld.patient)
          for _ in 0..<15 {
            let grant = GuardsWorld.acquiring("job", needed: 2, ttl: 200)
            #expect(try await value(grant, on: node) == "granted")
            _ = try await node.simpleScript("SELECT serial.reap_expired()")
          }
          await node.close()
        }
      }
      group.addTask {
        try await world.together(50) { _, connection in
          for _ in 0..<2 {
            _ = try await connection.simpleScript(
              """
              BEGIN;
              INSERT INTO jobs (name, created_by) VALUES ('run', 1);
              INSERT INTO job_executions (job_id, execution_number)
                VALUES (currval('jobs_id_seq'), 7);
              INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
                SELECT currval('job_executions_id_seq'), n, NULL FROM generate_series(1, 5) n;
              INSERT INTO universal_targets (name, os_type) VALUES ('new', 'linux');
              INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1);
              COMMIT
              """)
          }
        }
      }
      try await group.waitForAll()
    }
    let numbers = try await world.database.sql(
      """
      SELECT (SELECT count(DISTINCT job_serial) FROM jobs),
        (SELECT count(DISTINCT target_serial) FROM universal_targets),
        (SELECT count(DISTINCT execution_number) FROM job_executions WHERE job_id = 1),
        (SELECT max(execution_number) FROM job_executions WHERE job_id = 1),
        (SELECT count(DISTINCT branch_serial) FROM job_execution_branches)
      """)
    #expect(numbers == "101|105|100|100|500")
    try await world.expectNoDeadlock()
    try await world.expectBalanced()
  }

  @Test func capacityHoldsAndNothingIsWritten() async throws {
    let world = try await GuardsWorld.furnished()
    let connection = try await world.connect()
    _ = try await connection.simpleScript(
      """
      INSERT INTO job_executions (job_id, execution_number) SELECT 1, 1
        FROM generate_series(1, 9998);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
        SELECT 1, 1, NULL FROM generate_series(1, 9998)
      """)
    // two fit in neither: the first of them is not written either
    try await world.expectRefused(
      "INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1), (1, 1)", "SR001",
      on: connection, naming: "00001 is full")
    try await world.expectRefused(
      """
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
        VALUES (1, 1, NULL), (1, 2, NULL)
      """, "SR001", on: connection, naming: ".0001 is full")
    _ = try await connection.simpleScript(
      """
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
        VALUES (1, 3, NULL)
      """)
    let counts = try await value(
      """
      SELECT concat_ws(' ', (SELECT max(execution_number) FROM job_executions),
        (SELECT max(branch_id) FROM job_execution_branches),
        (SELECT right(max(branch_serial), 10) FROM job_execution_branches))
      """, on: connection)
    #expect(counts == "9999 9999 .0001.9999")
    await connection.close()
    await #expect(throws: LocalClusterError.self) {
      try await world.sql("INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1)")
    }
  }

  /// As a migration leaves a job whose old executions had the numbers 9,998 and 9,999.
  @Test func whereTheHighestIsTakenTheLowestThatIsFreeIsGiven() async throws {
    let world = try await GuardsWorld.furnished()
    _ = try await world.database.sql(
      """
      SET session_replication_role = replica;
      INSERT INTO job_executions (job_id, execution_number, execution_uuid, execution_serial)
        SELECT id, 9999, gen_random_uuid(), job_serial || '.9999' FROM jobs WHERE id = 1;
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id, branch_uuid, branch_serial)
        SELECT id, 1, n::text, gen_random_uuid(), execution_serial || '.' || n
          FROM job_executions, unnest(ARRAY[9998, 9999]) AS n;
      """)
    let rows = try await world.sql(
      """
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1), (1, 1);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id) VALUES (1, 3, 'db'), (1, 3, NULL);
      SELECT (SELECT string_agg(right(execution_serial, 4), ' ' ORDER BY id) FROM job_executions WHERE job_id = 1),
        (SELECT string_agg(right(branch_serial, 4), ' ' ORDER BY id) FROM job_execution_branches)
      """)
    #expect(rows == "9999 0001 0002|9998 9999 0001 0002")
    try await world.expectBalanced()
  }

  @Test func branchesKeepTheirNameAndReferToTheirTarget() async throws {
    let world = try await GuardsWorld.furnished()
    let rows = try await world.sql(
      """
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 900);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id,
          target_serial_ref, branch_serial, branch_uuid)
        VALUES (1, 3, 'db', 'T209900001', 'J209900001.0001.0009', NULL), (1, 3, NULL, NULL, NULL,
          gen_random_uuid())
        RETURNING branch_id, right(branch_serial, 10), right(target_serial_ref, 5),
          branch_uuid IS NOT NULL
      """)
    #expect(rows == "db|.0001.0001|00003|t\n002|.0001.0002|00003|t")
  }

  @Test func rollbackAndSavepointsGiveNumbersBack() async throws {
    let world = try await GuardsWorld.furnished()
    let before = try await world.ledger("job")
    let serials = try await world.sql(
      """
      BEGIN;
      INSERT INTO jobs (name, created_by) VALUES ('a', 1), ('b', 1);
      SAVEPOINT s;
      INSERT INTO jobs (name, created_by) SELECT 'c', 1 FROM generate_series(1, 20);
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1), (1, 2);
      ROLLBACK TO s;
      INSERT INTO jobs (name, created_by) VALUES ('d', 1) RETURNING right(job_serial, 5);
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1)
        RETURNING execution_number;
      ROLLBACK
      """)
    #expect(serials == "00004\n1")
    #expect(try await world.ledger("job") == before)
    try await world.expectBalanced()
    let again = try await world.sql(
      "INSERT INTO jobs (name, created_by) VALUES ('e', 1) RETURNING right(job_serial, 5)")
    #expect(again == "00002")
  }

  @Test func aParentThatIsNotThereIsRefusedAsAForeignKeyWould() async throws {
    let world = try await GuardsWorld.furnished()
    let connection = try await world.connect()
    try await world.expectRefused(
      "INSERT INTO job_executions (job_id, execution_number) VALUES (99, 1)", "23503",
      on: connection)
    try await world.expectRefused(
      "INSERT INTO job_executions (job_id, execution_number) VALUES (NULL, 1)", "23502",
      on: connection)
    _ = try await connection.simpleScript(
      "INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1)")
    for ids in ["99, 1", "1, 99"] {
      try await world.expectRefused(
        """
        INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
          VALUES (\(ids), '001')
        """, "23503", on: connection)
    }
    await connection.close()
  }

  /// What was committed after the snapshot is not seen there: refused, never numbered twice.
  @Test func repeatableReadNeverMakesADuplicate() async throws {
    let world = try await GuardsWorld.furnished()
    let late = try await world.connect()
    _ = try await late.simpleScript("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM jobs")
    try await world.sql("INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1)")
    try await world.expectRefused(
      "INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1)", "23505", on: late)
    await late.close()
    let numbers = try await world.sql("SELECT count(*) FROM job_executions")
    #expect(numbers == "1")
  }

  @Test func theSwitchOfTrustedFunctionsIsNothingToAnApplication() async throws {
    let world = try await GuardsWorld.furnished()
    let connection = try await world.connect()
    _ = try await connection.simpleScript("SET serial.trusted = 'on'")
    let serial = try await value(
      """
      INSERT INTO jobs (name, created_by, job_serial) VALUES ('x', 1, 'J202600777')
        RETURNING job_serial
      """, on: connection)
    #expect(serial?.hasSuffix("00002") == true, "\(serial ?? "")")
    try await world.expectRefused(
      "UPDATE jobs SET job_serial = 'J202600777' WHERE id = 1", "23001", on: connection)
    try await world.expectRefused("DELETE FROM jobs", "42501", on: connection)
    await connection.close()
    // nor to an administrator who deletes
    await #expect(throws: LocalClusterError.self) {
      try await world.database.sql("SET serial.trusted = 'on'; DELETE FROM jobs")
    }
  }
}
