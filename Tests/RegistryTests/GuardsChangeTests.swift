import DatabaseFixture
import LibPQ
import LocalCluster
import Testing

/// What never changes, tried over plain SQL by an application that was given every right on the tables.
struct GuardsChangeTests {
  static let forbidden: [(sql: String, naming: String)] = [
    ("UPDATE jobs SET job_serial = 'J202600900'", "00001"),
    ("UPDATE jobs SET job_serial = NULL", "00001"),
    ("UPDATE jobs SET job_uuid = gen_random_uuid()", "00001"),
    ("UPDATE jobs SET id = 900 WHERE id = 2", "00002"),
    ("UPDATE universal_targets SET target_serial = 'T202600900' WHERE id = 3", "00003"),
    ("UPDATE universal_targets SET target_uuid = gen_random_uuid() WHERE id = 3", "00003"),
    ("UPDATE universal_targets SET id = 900 WHERE id = 5", "00005"),
    ("UPDATE job_executions SET execution_serial = 'J202600001.0009' WHERE id = 1", ".0001"),
    ("UPDATE job_executions SET execution_uuid = gen_random_uuid() WHERE id = 1", ".0001"),
    ("UPDATE job_executions SET execution_number = 9 WHERE id = 1", ".0001"),
    ("UPDATE job_executions SET job_id = 2 WHERE id = 1", ".0001"),
    ("UPDATE job_executions SET id = 900 WHERE id = 2", ".0002"),
    ("UPDATE job_executions SET status = 'running' WHERE id = 2", ".0002"),
    ("UPDATE job_executions SET completed_at = now() WHERE id = 2", ".0002"),
    ("UPDATE job_executions SET status = 'failed' WHERE id = 2", ".0002"),
    ("UPDATE job_execution_branches SET branch_serial = 'x' WHERE id = 1", ".0001.0001"),
    ("UPDATE job_execution_branches SET branch_uuid = gen_random_uuid() WHERE id = 1", ".0001"),
    ("UPDATE job_execution_branches SET job_execution_id = 2 WHERE id = 1", ".0001.0001"),
    ("UPDATE job_execution_branches SET target_id = 2 WHERE id = 1", ".0001.0001"),
    ("UPDATE job_execution_branches SET target_serial_ref = NULL WHERE id = 1", ".0001.0001"),
    ("UPDATE job_execution_branches SET id = 900 WHERE id = 1", ".0001.0001"),
    ("UPDATE job_execution_branches SET status = 'running' WHERE id = 2", ".0001.0002"),
    ("UPDATE job_execution_branches SET result_output = 'y' WHERE id = 2", ".0001.0002"),
    ("UPDATE job_execution_branches SET result_output = NULL WHERE id = 2", ".0001.0002"),
    ("UPDATE job_execution_branches SET exit_code = 0 WHERE id = 2", ".0001.0002"),
    ("UPDATE job_execution_branches SET branch_id = 'z' WHERE id = 2", ".0001.0002"),
    ("DELETE FROM job_execution_branches", ".0001.0001"),
    ("DELETE FROM job_executions WHERE id = 2", ".0002"),
    ("DELETE FROM jobs WHERE id = 2", "00002"),
    ("DELETE FROM universal_targets WHERE id = 5", "00005"),
    (
      """
      MERGE INTO jobs j USING (VALUES (1)) v (id) ON j.id = v.id
        WHEN MATCHED THEN UPDATE SET job_serial = 'J202600900'
      """, "00001"
    ),
    (
      """
      INSERT INTO jobs (id, name, created_by) VALUES (1, 'x', 1)
        ON CONFLICT (id) DO UPDATE SET job_serial = excluded.job_serial
      """, "00001"
    ),
    ("TRUNCATE job_execution_branches", "job_execution_branches"),
    ("TRUNCATE jobs CASCADE", "never truncated"),
    ("TRUNCATE universal_targets CASCADE", "never truncated"),
    ("TRUNCATE users CASCADE", "never truncated"),
  ]

  private func furnished() async throws -> GuardsWorld {
    let world = try await GuardsWorld.furnished()
    try await world.sql(
      """
      INSERT INTO jobs (name, created_by) VALUES ('second', 1);
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1), (1, 2);
      UPDATE job_executions SET status = 'completed' WHERE id = 2;
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
        VALUES (1, 1, '001'), (1, 1, '002');
      UPDATE job_execution_branches SET status = 'failed', exit_code = 3,
        result_output = repeat('x', 5000000) WHERE id = 2;
      """)
    return world
  }

  @Test func nothingThatNeverChangesChanges() async throws {
    let world = try await furnished()
    try await world.database.sql(
      """
      GRANT ALL ON users, jobs, universal_targets, job_executions, job_execution_branches,
        target_communication_methods TO \(world.application)
      """)
    let before = try await world.database.sql(Self.everything)
    let connection = try await world.connect()
    for (sql, naming) in Self.forbidden {
      try await world.expectRefused(sql, "23001", on: connection, naming: naming)
    }
    await connection.close()
    #expect(try await world.database.sql(Self.everything) == before)
    try await world.expectBalanced()
  }

  @Test func whatMayChangeChanges() async throws {
    let world = try await furnished()
    try await world.sql(
      """
      UPDATE jobs SET name = 'other', status = 'running', updated_at = now();
      UPDATE jobs SET job_serial = job_serial, job_uuid = job_uuid;
      UPDATE universal_targets SET name = 'other', is_active = false;
      UPDATE job_executions SET status = 'running', started_at = now() WHERE id = 1;
      UPDATE job_executions SET status = status, completed_at = completed_at WHERE id = 2;
      UPDATE job_execution_branches SET status = status, result_output = repeat('x', 5000000)
        WHERE id = 2;
      UPDATE job_execution_branches SET status = 'completed', exit_code = 0, result_output = 'ok'
        WHERE id = 1
      """)
    await #expect(throws: LocalClusterError.self) {
      try await world.sql("UPDATE job_execution_branches SET exit_code = 1 WHERE id = 1")
    }
  }

  @Test func anApplicationSeesAndCallsNothingOfTheSchema() async throws {
    let world = try await GuardsWorld.furnished()
    let connection = try await world.connect()
    for sql in [
      "SELECT * FROM serial.registry", "SELECT * FROM serial.aliases", "SELECT serial.verify()",
      "SELECT * FROM serial.renumberings", "SELECT serial.choose_number('job')",
      "SELECT serial.guard_records()", "SELECT serial.issue_to_role('job', 2026, '{}')",
      "SELECT serial.set_legacy_writes('refuse', 'x')", "SELECT serial.reap_expired()",
      "CREATE TABLE mine (LIKE jobs); CREATE TRIGGER x BEFORE INSERT ON mine"
        + " FOR EACH ROW EXECUTE FUNCTION serial.number_job()",
      "SET session_replication_role = replica",
    ] {
      try await world.expectRefused(sql, "42501", on: connection)
    }
    try await world.expectRefused(
      "ALTER TABLE jobs DISABLE TRIGGER ALL", "42501", on: connection)
    await connection.close()
  }

  static let everything = """
    SELECT md5(concat((SELECT string_agg(j::text, ',' ORDER BY id) FROM jobs j),
      (SELECT string_agg(t::text, ',' ORDER BY id) FROM universal_targets t),
      (SELECT string_agg(e::text, ',' ORDER BY id) FROM job_executions e),
      (SELECT string_agg(b::text, ',' ORDER BY id) FROM job_execution_branches b)))
    """
}
