import Coordinator
import DatabaseFixture
import LibPQ
import LocalCluster
import Testing

/// Rows that come with a serial: one that was issued is kept, any other is replaced or refused.
struct GuardsLegacyTests {
  /// Issues one job number to a caller who records it himself, and gives its serial.
  private func issued(in world: GuardsWorld) async throws -> String {
    try await world.register()
    return try await world.node(
      """
      WITH g AS (SELECT * FROM serial.acquire_blocks('\(GuardsWorld.boot)', 'job', NULL, 1, 1,
        3600000, ARRAY['\(GuardsWorld.boot)'::uuid], ARRAY['\(GuardsWorld.boot)'::uuid], false,
        false))
      SELECT 'J' || g.year || lpad(g.first::text, 5, '0') FROM g;
      """)
  }

  /// Commits the number of `issued`.
  private func commit(_ serial: String, in world: GuardsWorld) async throws {
    let number = try #require(Int(serial.suffix(5)))
    let outcome = try await world.node(
      """
      SELECT outcome FROM serial.commit_numbers(p_boot => '\(GuardsWorld.boot)',
        p_leases => '{\(GuardsWorld.boot)}', p_tokens => '{\(GuardsWorld.boot)}',
        p_attempts => '{0}', p_revisions => '{0}', p_expected => '{\(number - 1)}',
        p_through => '{\(number)}', p_handed => '{\(number - 1)}', p_ttl_ms => 3600000,
        p_line_lease => '{\(GuardsWorld.boot)}', p_line_first => '{\(number)}',
        p_line_last => '{\(number)}', p_line_subject => '{alice}',
        p_line_request => '{\(GuardsWorld.boot)}', p_line_again => '{false}',
        p_line_delivered => '{false}', p_standby => false, p_key_request => '{}',
        p_key_subject => '{}', p_key_route => '{}', p_key_key => '{}', p_key_hash => '{}',
        p_record_request => '{}', p_record_row => '{}')
      """)
    #expect(outcome == "committed")
  }

  private func insert(_ serial: String) -> String {
    "INSERT INTO jobs (name, created_by, job_serial) VALUES ('x', 1, '\(serial)')"
  }

  @Test func anIssuedSerialIsKeptOnceAndOnlyAfterItWasIssued() async throws {
    let world = try await GuardsWorld.make()
    let serial = try await issued(in: world)
    let early = try await world.sql(insert(serial) + " RETURNING job_serial")
    #expect(early != serial, "leased is not issued")
    try await commit(serial, in: world)
    #expect(try await world.sql(insert(serial) + " RETURNING job_serial") == serial)
    let twice = try await world.sql(insert(serial) + " RETURNING job_serial")
    #expect(twice != serial && twice != early)
    try await world.expectBalanced()
    let number = try #require(Int(serial.suffix(5)))
    let who = try await world.database.sql(
      """
      SELECT subject FROM serial.locate_number('job', serial.running_year(),
        \(number))
      """)
    #expect(who == "alice")
  }

  @Test func ofTwoInsertsOfOneSerialTheSecondWaitsAndIsRenumbered() async throws {
    let world = try await GuardsWorld.make()
    let serial = try await issued(in: world)
    try await commit(serial, in: world)
    try await world.together(10) { _, connection in
      _ = try await connection.simpleScript(self.insert(serial))
    }
    let counted = try await world.sql(
      "SELECT count(*), count(*) FILTER (WHERE job_serial = '\(serial)') FROM jobs")
    #expect(counted == "10|1")
    try await world.expectNoDeadlock()
    try await world.expectBalanced()
  }

  @Test func whatWasNeverIssuedIsRenumberedWithAliasAndEvent() async throws {
    let world = try await GuardsWorld.make()
    let rows = try await world.sql(
      """
      INSERT INTO jobs (name, created_by, job_serial) VALUES ('a', 1, 'JOB-2025-000001'),
        ('b', 1, 'JOB-2025-000001'), ('c', 1, ''), ('d', 1, 'J2026ABCDE'), ('e', 1, 'T202600001')
        RETURNING right(job_serial, 5)
      """)
    #expect(rows == "00001\n00002\n00003\n00004\n00005")
    let aliases = try await world.database.sql(
      "SELECT alias, kind, right(serial, 5), reason FROM serial.aliases ORDER BY serial")
    #expect(aliases.hasPrefix("J"), "\(aliases)")
    let named = Set(aliases.split(separator: "\n").map { $0.split(separator: "|")[0] })
    #expect(named == ["JOB-2025-000001", "J2026ABCDE"])
    let events = try await world.database.sql(
      """
      SELECT count(*), count(*) FILTER (WHERE (detail ->> 'alias')::boolean), min(detail ->> 'by')
        FROM serial.events WHERE event = 'record-renumbered'
      """)
    #expect(events == "4|2|role:\(world.application)")
    try await world.expectBalanced()
  }

  @Test func refusedWhenAnOperatorSaysSo() async throws {
    let world = try await GuardsWorld.make()
    _ = try await world.database.sql("SELECT serial.set_legacy_writes('refuse', 'olga')")
    let connection = try await world.connect()
    for serial in ["JOB-2025-000001", "J202600001", "J202600000", "J20260001"] {
      try await world.expectRefused(insert(serial), "SR002", on: connection, naming: serial)
    }
    _ = try await connection.simpleScript("INSERT INTO jobs (name, created_by) VALUES ('x', 1)")
    await connection.close()
    await #expect(throws: LocalClusterError.self) {
      _ = try await world.database.sql("SELECT serial.set_legacy_writes('maybe', 'olga')")
    }
    await #expect(throws: LocalClusterError.self, "no node changes it") {
      try await world.node("SELECT serial.set_legacy_writes('renumber', 'olga')")
    }
    let event = try await world.database.sql(
      "SELECT detail ->> 'mode', detail ->> 'by' FROM serial.events WHERE event = 'legacy-writes-set'"
    )
    #expect(event == "refuse|olga")
    try await world.expectBalanced()
  }

  @Test func aVoidAndAnOpenInsertDoNotMeet() async throws {
    let world = try await GuardsWorld.furnished()
    let serial = try await issued(in: world)
    try await commit(serial, in: world)
    let number = try #require(Int(serial.suffix(5)))
    try await world.database.sql(
      "UPDATE serial.boots SET ended_at = clock_timestamp() WHERE node = 'eu-1'")
    try await world.database.sql(
      "UPDATE serial.leases SET expires_at = clock_timestamp() WHERE node = 'eu-1'")
    let void = { (number: Int) in
      "SELECT serial.void_numbers('job', serial.running_year(), \(number), \(number), 'x', 'x')"
    }
    let open = try await world.connect()
    _ = try await open.simpleScript("BEGIN; \(insert(serial))")
    #expect(try await world.node(void(number)) == "(leased,\(number),database)")
    let stock = try await value(
      "INSERT INTO jobs (name, created_by) VALUES ('s', 1) RETURNING job_serial", on: open)
    let taken = try #require(stock.flatMap { Int($0.suffix(5)) })
    _ = try await open.simpleScript("COMMIT")
    #expect(try await world.node(void(number)) == "(recorded,\(number),)")
    try await world.node("SELECT serial.reap_expired()")
    _ = try await open.simpleScript("BEGIN; INSERT INTO jobs (name, created_by) VALUES ('t', 1)")
    let next = taken + 1
    #expect(try await world.node(void(next)) == "(leased,\(next),database)")
    _ = try await open.simpleScript("ROLLBACK")
    await open.close()
    #expect(try await world.node(void(next)) == "(done,1,)")
    try await world.expectBalanced()
  }

  /// Tables as EnableDRM made them, owned by its role, with the columns that the migration adds.
  @Test func theGuardsFitTablesThatSomebodyElseMade() async throws {
    let database = try await Fixture.shared.emptyDatabase()
    try await database.sql(Self.installation)
    let admin = try await database.connect(as: "postgres", limits: .migration)
    _ = try await Migrator(connection: admin).run()
    await admin.close()
    #expect(try await database.sql("SELECT state FROM serial.registry") == "legacy")
    try await database.sql(
      """
      ALTER TABLE job_executions ADD execution_uuid uuid, ADD execution_serial varchar(50);
      ALTER TABLE job_execution_branches ADD branch_uuid uuid, ADD branch_serial varchar(100),
        ADD target_serial_ref varchar(50), ADD outputs_purged_at timestamptz;
      INSERT INTO jobs (job_uuid, job_serial, name, created_by)
        VALUES (gen_random_uuid(), 'JOB-2025-000001', 'old', 1);
      SELECT serial.guard_records();
      SELECT serial.guard_records();
      UPDATE serial.registry SET state = 'migrating'
      """)
    let rows = try await database.sql(
      """
      SET ROLE guards_enabledrm;
      INSERT INTO universal_targets (target_uuid, name, os_type) VALUES (NULL, 't', 'linux');
      INSERT INTO jobs (name, created_by, job_serial) VALUES ('new', 1, 'JOB-2025-000002');
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 5), (2, 5);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
        VALUES (1, 1, '001'), (2, 1, '001');
      SELECT right(job_serial, 5), e.execution_number, right(execution_serial, 5),
          right(branch_serial, 5), right(target_serial_ref, 5), execution_uuid IS NOT NULL
        FROM jobs j JOIN job_executions e ON e.job_id = j.id
          JOIN job_execution_branches b ON b.job_execution_id = e.id ORDER BY 2 DESC
      """)
    #expect(rows == "00001|5|||00001|t\n00001|1|.0001|.0001|00001|t")
    for sql in [
      "DELETE FROM jobs WHERE id = 2", "UPDATE job_executions SET job_id = 1 WHERE id = 2",
      "TRUNCATE job_execution_branches",
    ] {
      await #expect(throws: LocalClusterError.self, "\(sql)") {
        try await database.sql("SET ROLE guards_enabledrm; \(sql)")
      }
    }
    // once it is ready, a parent without a serial is an error
    try await database.sql("UPDATE serial.registry SET state = 'ready'")
    await #expect(throws: LocalClusterError.self) {
      try await database.sql("INSERT INTO job_executions (job_id, execution_number) VALUES (1, 6)")
    }
  }

  static let installation = """
    CREATE ROLE guards_enabledrm;
    GRANT CREATE ON SCHEMA public TO guards_enabledrm;
    SET ROLE guards_enabledrm;
    CREATE TYPE state_of_job AS ENUM ('draft', 'scheduled', 'running', 'completed');
    CREATE TYPE state_of_run AS ENUM ('scheduled', 'running', 'completed', 'failed', 'cancelled');
    CREATE TABLE users (id serial PRIMARY KEY, username varchar(50));
    CREATE TABLE universal_targets (id serial PRIMARY KEY, target_uuid uuid,
      target_serial varchar(20), name varchar(100), os_type varchar(50) NOT NULL);
    CREATE TABLE jobs (id serial PRIMARY KEY, job_uuid uuid, job_serial varchar(20),
      name varchar(255), status state_of_job DEFAULT 'draft',
      created_by integer NOT NULL REFERENCES users);
    CREATE TABLE job_executions (id serial PRIMARY KEY,
      job_id integer REFERENCES jobs ON DELETE CASCADE, execution_number integer NOT NULL,
      status state_of_run DEFAULT 'scheduled', completed_at timestamptz);
    CREATE TABLE job_execution_branches (id serial PRIMARY KEY,
      job_execution_id integer REFERENCES job_executions ON DELETE CASCADE,
      target_id integer REFERENCES universal_targets, branch_id varchar(10) NOT NULL,
      status state_of_run DEFAULT 'scheduled', result_output text);
    INSERT INTO users (username) VALUES ('u')
    """
}
