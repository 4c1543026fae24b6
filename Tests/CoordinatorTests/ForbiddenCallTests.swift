import Allocator
import Coordinator
import CoordinatorConformance
import DatabaseFixture
import Foundation
import LeaseCore
import LibPQ
import LocalCluster
import Testing

/// What a node's role may not do. The forbidden calls on leases (another node's, another boot's, a
/// stale token, an expired lease) are in the conformance suite.
struct ForbiddenCallTests {
  /// Expects that a statement is refused to a node's role, for lack of rights.
  private func expectRefused(_ sql: String, as connection: LibPQ.Connection) async throws {
    do {
      _ = try await connection.simpleScript(sql)
      Issue.record("accepted: \(sql)")
    } catch {
      #expect(error.sqlState == "42501", "\(sql): \(error)")
    }
  }

  @Test func aNodeCannotWriteNorReadTheTables() async throws {
    let database = try await Fixture.shared.database()
    let node = try await database.connect(as: "eu-1")
    let tables = [
      "counters", "free_ranges", "leases", "nodes", "boots", "issue_log", "void_ranges", "events",
      "migrations", "grant_state", "node_reports", "idempotency_keys", "quotas",
      "overlaps",
    ]
    for table in tables {
      for sql in [
        "SELECT * FROM serial.\(table)", "DELETE FROM serial.\(table)",
        "TRUNCATE serial.\(table)", "INSERT INTO serial.\(table) DEFAULT VALUES",
        "ALTER TABLE serial.\(table) DISABLE TRIGGER ALL", "DROP TABLE serial.\(table)",
      ] {
        try await expectRefused(sql, as: node)
      }
    }
    for sql in [
      "UPDATE serial.lease_status SET committed_through = 0", "CREATE TABLE serial.mine (a int)",
      "SET session_replication_role = replica", "SET SESSION AUTHORIZATION postgres",
      "SET ROLE postgres", "SET ROLE \"us-1\"", "CREATE ROLE mallory",
      "SELECT * FROM serial.gaps", "SELECT serial.enroll_node('eu-9', 'eu')",
      "SELECT serial.close_lease(gen_random_uuid(), 1, 'released')",
      "SELECT serial.give_back('job', 2026, 1, 5)", "SELECT serial.reap_counter('job', 2026)",
      "SELECT serial.calling_node()", "SELECT serial.demand_durable(false)",
      "SELECT serial.assert_ledger('job', 2026)",
      "SELECT serial.recall_leases('job', 2026, gen_random_uuid())",
      "SELECT serial.close_grants('start', '{}')", "SELECT serial.notice_start()",
      "SELECT serial.grants_are_open()", "SELECT serial.open_grants_when_reported()",
      "SELECT serial.take_out('job', 2026, 1, 5)",
      "SELECT serial.carve_out('job', 2026, 'us-1', gen_random_uuid(), '{}', '{}')",
      "SELECT serial.lock_counter('job', 2026)", "SELECT serial.recorded_numbers('job', 2026)",
      "SELECT serial.count_use('{us-1}', '{1}')",
      "SELECT serial.over_quota('{}', '{}', '{}', '{}')",
      "SELECT serial.taken_keys('{}', '{}', '{}', '{}')",
      "SELECT serial.counter_gaps('job', 2026, 0, 1)",
      "SELECT serial.insert_records('job', '{J202600001}', '{\"{}\"}')",
      "SELECT serial.put_records('{}', '{}', '{}', '{}', '{}', '{}', '{}')",
      "SELECT serial.carried_numbers('{}', '{}', '{}', '{}')",
      "SELECT serial.refused_records('job', '{}', '{}')", "SELECT serial.record_values('job')",
      "SELECT serial.value_problem('job', '{}')", "SELECT serial.parse_rows('{}')",
    ] {
      try await expectRefused(sql, as: node)
    }
    await node.close()
  }

  @Test func aRoleThatIsNoNodeOrARetiredOneIsRefused() async throws {
    let database = try await Fixture.shared.database()
    try await database.sql("CREATE ROLE stranger LOGIN; GRANT serial_node TO stranger")
    let stranger = try await database.connect(as: "stranger")
    try await expectRefused("SELECT serial.register_boot(gen_random_uuid(), 1000)", as: stranger)
    try await expectRefused("SELECT serial.reap_expired()", as: stranger)
    await stranger.close()
    try await database.sql("UPDATE serial.nodes SET state = 'retired' WHERE node = 'us-1'")
    let retired = try await database.connect(as: "us-1")
    try await expectRefused("SELECT serial.register_boot(gen_random_uuid(), 1000)", as: retired)
    await retired.close()
    // not even a superuser speaks for a node
    let admin = try await database.connect(as: "postgres")
    try await expectRefused("SELECT serial.register_boot(gen_random_uuid(), 1000)", as: admin)
    await admin.close()
  }

  @Test func publicHasNoRights() async throws {
    let database = try await Fixture.shared.database()
    try await database.sql("CREATE ROLE nobody_special LOGIN")
    let stranger = try await database.connect(as: "nobody_special")
    try await expectRefused("SELECT * FROM serial.ledger", as: stranger)
    try await expectRefused("SELECT serial.schema_version()", as: stranger)
    await stranger.close()
    let open = try await database.sql(
      """
      SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = 'serial' AND (p.proacl IS NULL OR EXISTS (
        SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
      """)
    #expect(open.trimmingCharacters(in: .whitespacesAndNewlines) == "0")
    let loose = try await database.sql(
      """
      SELECT coalesce(string_agg(p.proname, ' '), '') FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = 'serial' AND NOT (coalesce(p.proconfig, '{}') @>
        ARRAY['search_path=pg_catalog, serial, pg_temp'])
      """)
    #expect(loose.trimmingCharacters(in: .whitespacesAndNewlines) == "")
  }

  /// A temporary table or function of a name of ours is never taken for it.
  @Test func temporaryObjectsOfOurNamesAreNotUsed() async throws {
    let database = try await Fixture.shared.database()
    let node = try await database.connect(as: "eu-1")
    _ = try await node.simpleScript(
      """
      CREATE TEMPORARY TABLE nodes (node text, role name, region text, state text);
      INSERT INTO nodes VALUES ('us-1', 'eu-1', 'us', 'active');
      CREATE TEMPORARY TABLE counters (LIKE serial.ledger);
      CREATE TEMPORARY TABLE leases (lease_id uuid, kind text);
      CREATE TEMPORARY TABLE boots (boot_id uuid);
      CREATE TEMPORARY TABLE free_ranges (numbers int4range);
      CREATE FUNCTION pg_temp.unnest(uuid[]) RETURNS SETOF uuid LANGUAGE sql AS 'SELECT NULL::uuid';
      CREATE FUNCTION pg_temp.running_year() RETURNS integer LANGUAGE sql AS 'SELECT 3000';
      SET search_path = pg_temp, pg_catalog;
      """)
    let boot = UUID()
    let registered = try await node.execute(
      Statement(
        name: "a", sql: "SELECT outcome FROM serial.register_boot($1::uuid, 60000)",
        parameterCount: 1),
      [.uuid(boot)])
    #expect(try registered.singleRow().decode("outcome", as: String.self) == "registered")
    let owner = try await database.sql("SELECT node FROM serial.boots WHERE boot_id = '\(boot)'")
    #expect(owner.trimmingCharacters(in: .whitespacesAndNewlines) == "eu-1")
    let granted = try await node.execute(
      Statement(
        name: "b",
        sql: "SELECT first, year FROM serial.acquire_blocks($1::uuid, 'job', NULL, 1, 1, 60000, "
          + "ARRAY[$2::uuid], ARRAY[$2::uuid], false, false)", parameterCount: 2),
      [.uuid(boot), .uuid(UUID())])
    let row = try granted.singleRow()
    #expect(try row.decode("first", as: Int.self) == 1)
    #expect(try row.decode("year", as: Int.self) < 3000)
    await node.close()
  }

  @Test func outOfBoundsArgumentsAreRefusedByName() async throws {
    let database = try await Fixture.shared.database()
    let node = try await database.connect(as: "eu-1")
    let ids = "ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()]"
    for sql in [
      "SELECT serial.register_boot(gen_random_uuid(), 99)",
      "SELECT serial.acquire_blocks(gen_random_uuid(), 'job', NULL, 0, 1, 1000, \(ids), false, false)",
      "SELECT serial.acquire_blocks(gen_random_uuid(), 'job', NULL, 1001, 1001, 1000, \(ids), false, false)",
      "SELECT serial.acquire_blocks(gen_random_uuid(), 'job', NULL, 5, 4, 1000, \(ids), false, false)",
      "SELECT serial.acquire_blocks(gen_random_uuid(), 'job', NULL, 1, 1, 1000, '{}', '{}', false, false)",
      "SELECT serial.acquire_blocks(gen_random_uuid(), 'job', 1999, 1, 1, 1000, \(ids), false, false)",
      "SELECT serial.acquire_blocks(gen_random_uuid(), 'job', 9999, 1, 1, 1000, \(ids), false, false)",
      "SELECT serial.resolve_keys('{}', '{}', '{}', '{}')",
      "SELECT serial.resolve_keys('{a}', '{r}', '{k}', '{}')",
      "SELECT serial.void_numbers('job', 2026, 0, 1, 'r', 'me')",
      "SELECT serial.void_numbers('job', 2026, 5, 4, 'r', 'me')",
      "SELECT serial.void_numbers('job', 2026, 99999, 100000, 'r', 'me')",
      "SELECT serial.void_numbers('job', 2026, 1, 1, '', 'me')",
      "SELECT serial.void_numbers('job', 2026, 1, 1, NULL, 'me')",
      "SELECT serial.unvoid_numbers('job', 2026, 0, 1, 'r', 'me')",
      "SELECT serial.set_frozen('job', 2026, true, 'r', '')",
      "SELECT serial.retire_node('eu-2', repeat('x', 1001), 'me')",
      "SELECT serial.locate_number('job', 2026, 0)",
      "SELECT serial.locate_number('job', 2026, 100000)",
    ] {
      do {
        _ = try await node.simpleScript(sql)
        Issue.record("accepted: \(sql)")
      } catch {
        #expect(error.sqlState == "22023", "\(sql): \(error)")
      }
    }
    await node.close()
  }
}
