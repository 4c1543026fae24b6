import DatabaseFixture
import LibPQ
import Testing

@testable import Registry

/// What nodes did before the migration, and what the application's own schema has, is respected.
struct LegacyLedgerTests {
  /// A node holds 1...8 of this year: it issued 1...5, of which the application inserted 2 itself.
  private static let node = """
    SET SESSION AUTHORIZATION "eu-1";
    SELECT serial.register_boot('00000000-0000-0000-0000-000000000001', 3600000);
    SELECT serial.acquire_blocks('00000000-0000-0000-0000-000000000001', 'job', NULL, 8, 8, 3600000,
      ARRAY['00000000-0000-0000-0000-0000000000aa'::uuid], ARRAY['00000000-0000-0000-0000-0000000000bb'::uuid],
      false, false);
    RESET SESSION AUTHORIZATION;
    UPDATE serial.leases SET committed_through = 5, handed_out_through = 5, revision = 1;
    INSERT INTO serial.issue_log (kind, year, numbers, lease_id, node, boot_id, subject, request_id, issued_at)
      SELECT kind, year, '[1,6)', lease_id, node, boot_id, 'someone', gen_random_uuid(), now() - interval '1 hour'
      FROM serial.leases;
    """

  @Test func numbersOfOthersAreNotKept() async throws {
    let database = try await LegacyInstallation.make()
    let year = Int(try await database.sql("SELECT serial.running_year()").filter(\.isNumber)) ?? 0
    try await database.sql(Self.node)
    try await database.sql(
      """
      SET ROLE enabledrm;
      INSERT INTO jobs (job_serial, name, job_type, created_by, created_at) VALUES
        ('JOB-\(year)-000001', 'issued to somebody', 'command', 1, now() - interval '3 hours'),
        ('J\(year)00002', 'of the allocator', 'command', 1, now()),
        ('J\(year)00003', 'older than the issue', 'command', 1, now() - interval '3 hours'),
        ('JOB-\(year)-000007', 'leased', 'command', 1, now() - interval '3 hours'),
        ('JOB-\(year)-000010', 'free', 'command', 1, now() - interval '3 hours')
      """)
    let outcome = try await LegacyInstallation.migrate(database)
    #expect(outcome.disagreements == [])
    let rows = try await LegacyInstallation.rows(
      database, "SELECT name, job_serial FROM jobs ORDER BY id")
    let serials = try rows.map { try $0.text("job_serial") ?? "" }
    let prefix = "J\(year)"
    #expect(
      serials == ["00011", "00002", "00012", "00013", "00010"].map { prefix + $0 })
    let void = try await LegacyInstallation.rows(
      database, "SELECT numbers::text AS numbers FROM serial.void_ranges WHERE kind = 'job'")
    #expect(try void.map { try $0.text("numbers") } == ["[9,10)"])
  }

  /// SQLAlchemy's `unique=True` makes constraints with the names of our indexes, and lets no two rows carry
  /// one text at any moment.
  @Test func uniqueConstraintsOfTheApplicationMakeRoom() async throws {
    let database = try await LegacyInstallation.make(
      """
      ALTER TABLE jobs ADD CONSTRAINT jobs_job_serial_key UNIQUE (job_serial),
        ADD CONSTRAINT jobs_job_uuid_key UNIQUE (job_uuid);
      INSERT INTO jobs (job_serial, name, job_type, created_by, created_at)
        SELECT 'JOB-2025-' || lpad(n::text, 6, '0'), 'older', 'command', 1, '2025-01-01' FROM generate_series(1, 40) n;
      INSERT INTO jobs (job_serial, name, job_type, created_by, created_at)
        SELECT 'J2025' || lpad(n::text, 5, '0'), 'newer', 'command', 1, '2025-01-02' FROM generate_series(1, 40) n
      """)
    try await LegacyInstallation.migrate(database, LegacyOptions(batch: 7))
    let row = try await LegacyInstallation.row(
      database,
      """
      SELECT (SELECT count(*) FROM jobs WHERE name = 'older' AND job_serial = 'J2025' || lpad(id::text, 5, '0'))
          AS older, (SELECT count(DISTINCT job_serial) FROM jobs) AS serials,
        (SELECT pg_get_indexdef('jobs_job_serial_key'::regclass)) AS own,
        (SELECT pg_get_indexdef('jobs_job_serial_key_before'::regclass)) AS before
      """)
    #expect(try row.decode("older", as: Int.self) == 40)
    #expect(try row.decode("serials", as: Int.self) == 80)
    #expect(try row.text("own")?.contains("varchar_pattern_ops") == true)
    #expect(try row.text("before")?.contains("UNIQUE") == true)
  }

  @Test func anIndexThatWasNotFinishedIsMadeAgain() async throws {
    let database = try await LegacyInstallation.make(LegacyData(seed: 9, jobs: 20).sql)
    try await database.sql("CREATE INDEX jobs_name_trgm ON jobs USING gin (name gin_trgm_ops)")
    try await database.sql(
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'jobs_name_trgm'::regclass")
    let before = try await database.sql("SELECT 'jobs_name_trgm'::regclass::oid::text")
    try await LegacyInstallation.migrate(database)
    let row = try await LegacyInstallation.row(
      database,
      "SELECT count(*) FILTER (WHERE NOT indisvalid) AS invalid, 'jobs_name_trgm'::regclass::oid::text AS oid "
        + "FROM pg_index")
    #expect(try row.decode("invalid", as: Int.self) == 0)
    #expect(try row.text("oid") != before.filter(\.isNumber))
  }
}
