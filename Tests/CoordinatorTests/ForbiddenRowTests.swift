import DatabaseFixture
import Foundation
import LibPQ
import LocalCluster
import Testing

/// The schema repeats the invariants: each row that must not exist is refused, also to a superuser.
struct ForbiddenRowTests {
  /// A counter with free 1...10, a live lease of 11...20, and the tail from 21.
  static let setup = """
    INSERT INTO serial.boots (boot_id, node, ttl)
      VALUES ('00000000-0000-0000-0000-0000000000b1', 'eu-1', '60 s');
    INSERT INTO serial.counters (kind, year, next_number) VALUES ('job', 2026, 21);
    INSERT INTO serial.free_ranges VALUES ('job', 2026, '[1,10]');
    \(lease("00000000-0000-0000-0000-000000000001", 11, 20))
    """

  static func lease(_ id: String, _ first: Int, _ last: Int, through: Int? = nil) -> String {
    """
    INSERT INTO serial.leases (lease_id, kind, year, node, boot_id, token, first, last,
      committed_through, handed_out_through, ttl, expires_at)
    VALUES ('\(id)', 'job', 2026, 'eu-1', '00000000-0000-0000-0000-0000000000b1', gen_random_uuid(),
      \(first), \(last), \(through ?? first - 1), \(first - 1), '60 s', now() + interval '60 s');
    """
  }

  static let other = "00000000-0000-0000-0000-000000000002"

  static func log(_ numbers: String, subject: String = "x") -> String {
    """
    INSERT INTO serial.issue_log (kind, year, numbers, lease_id, node, boot_id, subject, request_id)
    VALUES ('job', 2026, '\(numbers)', gen_random_uuid(), 'eu-1', gen_random_uuid(), '\(subject)',
      gen_random_uuid());
    """
  }

  /// What is tried, and the constraint (or SQLSTATE) that refuses it.
  static let forbidden: [(String, String)] = [
    ("INSERT INTO serial.counters (kind, year) VALUES ('branch', 2026)", "counters_kind_check"),
    ("INSERT INTO serial.counters (kind, year) VALUES ('job', 1999)", "counters_year_check"),
    ("INSERT INTO serial.counters (kind, year) VALUES ('job', 10000)", "counters_year_check"),
    (
      "INSERT INTO serial.counters (kind, year, capacity) VALUES ('job', 2030, 100000)",
      "counters_capacity_check"
    ),
    ("INSERT INTO serial.counters (kind, year) VALUES ('job', 2026)", "counters_pkey"),
    (
      "INSERT INTO serial.counters (kind, year, next_number) VALUES ('job', 2030, 2)",
      "ledger_balances"
    ),
    (
      "INSERT INTO serial.counters (kind, year, settled) VALUES ('job', 2030, 1)",
      "ledger_balances"
    ),
    ("UPDATE serial.counters SET next_number = 0", "counters_check"),
    ("UPDATE serial.counters SET next_number = 22", "ledger_balances"),
    ("UPDATE serial.counters SET settled = 1", "ledger_balances"),
    ("DELETE FROM serial.counters", "23503"),
    ("INSERT INTO serial.free_ranges VALUES ('job', 2026, 'empty')", "free_ranges_numbers_check"),
    ("INSERT INTO serial.free_ranges VALUES ('job', 2026, '[0,1]')", "free_ranges_numbers_check"),
    (
      "INSERT INTO serial.free_ranges VALUES ('job', 2026, '[99999,100000]')",
      "free_ranges_numbers_check"
    ),
    ("INSERT INTO serial.free_ranges VALUES ('job', 2026, '[30,)')", "free_ranges_numbers_check"),
    ("INSERT INTO serial.free_ranges VALUES ('job', 2026, '(,0)')", "free_ranges_numbers_check"),
    (
      "INSERT INTO serial.free_ranges VALUES ('job', 2026, '[10,25]')",
      "free_ranges_kind_year_numbers_excl"
    ),
    ("INSERT INTO serial.free_ranges VALUES ('job', 2027, '[1,2]')", "free_ranges_kind_year_fkey"),
    ("DELETE FROM serial.free_ranges", "ledger_balances"),
    // free and leased at once, balanced by shortening the tail
    (
      "INSERT INTO serial.free_ranges VALUES ('job', 2026, '[12,16]');"
        + "UPDATE serial.counters SET next_number = 26", "ledger_free_or_leased"
    ),
    // free and in the tail
    (
      "INSERT INTO serial.free_ranges VALUES ('job', 2026, '[500,504]');"
        + "UPDATE serial.counters SET next_number = 26", "ledger_tail_untouched"
    ),
    // a free range that touches the tail and was not joined with it
    (
      "INSERT INTO serial.free_ranges VALUES ('job', 2026, '[21,25]');"
        + "UPDATE serial.counters SET next_number = 26", "ledger_tail_untouched"
    ),
    (
      "UPDATE serial.free_ranges SET numbers = '[1,5]';"
        + "INSERT INTO serial.free_ranges VALUES ('job', 2026, '[6,10]')",
      "ledger_free_joined"
    ),
    (lease(other, 21, 20), "leases_check"),
    (lease(other, 0, 5), "leases_check"),
    (lease(other, 99_990, 100_000), "leases_check"),
    (lease(other, 21, 30, through: 31), "leases_check1"),
    (lease(other, 21, 30, through: 19), "leases_check1"),
    (lease(other, 20, 22), "leases_kind_year_block_excl"),
    (lease(other, 21, 30), "ledger_balances"),
    (
      "UPDATE serial.free_ranges SET numbers = '[1,2]';" + lease(other, 300, 307),
      "ledger_tail_untouched"
    ),
    ("UPDATE serial.leases SET last = 22", "ledger_balances"),
    ("UPDATE serial.leases SET committed_through = 21", "leases_check1"),
    ("UPDATE serial.leases SET handed_out_through = 15", "leases_check2"),
    ("UPDATE serial.leases SET state = 'closed'", "leases_check4"),
    ("UPDATE serial.leases SET state = 'gone'", "leases_state_check"),
    (
      "UPDATE serial.leases SET state = 'closed', close_reason = 'expired', closed_at = now(),"
        + " closed_through = 10", "ledger_balances"
    ),
    (
      "UPDATE serial.leases SET state = 'closed', close_reason = 'expired', closed_at = now(),"
        + " closed_through = 15", "leases_check3"
    ),
    (
      "UPDATE serial.leases SET state = 'closed', close_reason = 'tired', closed_at = now(),"
        + " closed_through = 10", "leases_close_reason_check"
    ),
    ("DELETE FROM serial.leases", "ledger_balances"),
    (log("[1,3]") + log("[3,4]"), "issue_log_kind_year_numbers_excl"),
    (log("[99999,100000]"), "issue_log_numbers_check"),
    (log("empty"), "issue_log_numbers_check"),
    (log("[5,)"), "issue_log_numbers_check"),
    (log("(,5]"), "issue_log_numbers_check"),
    (log("[1,1]", subject: ""), "issue_log_subject_check"),
    (log("[1,1]", subject: String(repeating: "x", count: 201)), "issue_log_subject_check"),
    (log("[1,3]") + "UPDATE serial.issue_log SET subject = 'y'", "42501"),
    (log("[1,3]") + "DELETE FROM serial.issue_log", "42501"),
    ("TRUNCATE serial.issue_log", "42501"),
    ("INSERT INTO serial.events (event) VALUES ('x'); DELETE FROM serial.events", "42501"),
    ("UPDATE serial.events SET event = 'y'", "42501"),
    ("INSERT INTO serial.events (event) VALUES ('Not A Word')", "events_event_check"),
    (
      "INSERT INTO serial.void_ranges VALUES ('job', 2026, '[1,2]', 'r', 'me');"
        + "UPDATE serial.counters SET next_number = 23", "ledger_free_or_void"
    ),
    (
      "INSERT INTO serial.void_ranges VALUES ('job', 2026, '[11,12]', 'r', 'me');"
        + "UPDATE serial.counters SET next_number = 23", "ledger_leased_or_void"
    ),
    (
      "INSERT INTO serial.void_ranges VALUES ('job', 2026, '[30,31]', '', 'me')",
      "void_ranges_reason_check"
    ),
    (
      "INSERT INTO serial.void_ranges VALUES ('job', 2026, '[30,31]', 'r', 'me')",
      "ledger_balances"
    ),
    (
      "INSERT INTO serial.void_ranges VALUES ('job', 2026, '[30,)', 'r', 'me')",
      "void_ranges_numbers_check"
    ),
    ("INSERT INTO serial.nodes VALUES ('EU 1', 'x', 'eu')", "nodes_node_check"),
    ("INSERT INTO serial.nodes VALUES ('eu-9', 'eu-1', 'eu')", "nodes_role_key"),
    ("INSERT INTO serial.nodes VALUES ('eu-9', 'eu-9', 'e u')", "nodes_region_check"),
    (
      "INSERT INTO serial.boots (boot_id, node, ttl) VALUES (gen_random_uuid(), 'eu-1', '1 s')",
      "boots_one_current"
    ),
    ("INSERT INTO serial.grant_state SELECT * FROM serial.grant_state", "grant_state_pkey"),
    ("UPDATE serial.grant_state SET only_row = false", "grant_state_only_row_check"),
    ("UPDATE serial.grant_state SET grants_open = false", "grant_state_check"),
    ("UPDATE serial.grant_state SET opens_at = now()", "grant_state_check1"),
    ("UPDATE serial.grant_state SET generation = 0", "grant_state_generation_check"),
    ("UPDATE serial.grant_state SET reason = 'mood'", "grant_state_reason_check"),
    ("UPDATE serial.grant_state SET wait = '2 hours'", "grant_state_wait_check"),
    (key(numbers: "{}"), "idempotency_keys_numbers_check"),
    (key(numbers: "{[0,1]}"), "idempotency_keys_numbers_check"),
    (key(numbers: "{[5,)}"), "idempotency_keys_numbers_check"),
    (key(key: ""), "idempotency_keys_key_check"),
    (key(key: String(repeating: "k", count: 201)), "idempotency_keys_key_check"),
    (key() + key(), "idempotency_keys_pkey"),
    (quota(minute: "NULL", year: "NULL"), "quotas_check"),
    (quota(minute: "0", year: "NULL"), "quotas_per_minute_check"),
    (quota(minute: "NULL", year: "1000001"), "quotas_per_year_check"),
    (
      "INSERT INTO serial.node_reports VALUES ('eu-9', 1, gen_random_uuid())",
      "node_reports_node_fkey"
    ),
  ]

  static func key(key: String = "k", numbers: String = "{[1,1]}") -> String {
    """
    INSERT INTO serial.idempotency_keys
        (subject, route, key, request_hash, kind, year, numbers, request_id, node)
      VALUES ('x', 'r', '\(key)', 'h', 'job', 2026, '\(numbers)', gen_random_uuid(), 'eu-1');
    """
  }

  static func quota(minute: String, year: String) -> String {
    """
    INSERT INTO serial.quotas (subject, per_minute, per_year, minute, year, set_by)
      VALUES ('x', \(minute), \(year), now(), 2026, 'me')
    """
  }

  @Test func everyForbiddenRowIsRefused() async throws {
    let database = try await Fixture.shared.database()
    let admin = try await database.connect(as: "postgres")
    _ = try await admin.simpleScript("BEGIN;" + Self.setup + "COMMIT;")
    for (sql, refusal) in Self.forbidden {
      do {
        _ = try await admin.simpleScript("BEGIN;" + sql + ";COMMIT;")
        Issue.record("accepted: \(sql)")
      } catch {
        #expect([error.constraint, error.sqlState].contains(refusal), "\(sql): \(error)")
        _ = try await admin.simpleScript("ROLLBACK")
      }
    }
    // and the ledger is what it was
    let balance = try await database.sql(
      "SELECT issued, leased, free, void FROM serial.ledger")
    #expect(balance.trimmingCharacters(in: .whitespacesAndNewlines) == "0|10|99989|0")
    await admin.close()
  }
}
