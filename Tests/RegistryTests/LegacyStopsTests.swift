import DatabaseFixture
import LibPQ
import Testing

@testable import Registry

/// What stands against a migration stops it before anything is written.
struct LegacyStopsTests {
  @Test(arguments: [
    (
      "year-full",
      """
      INSERT INTO jobs (job_serial, name, job_type, created_by, created_at)
        SELECT 'JOB-2025-' || lpad(n::text, 6, '0'), 'j', 'command', 1, '2025-06-01' FROM generate_series(1, 99999) n;
      INSERT INTO jobs (job_serial, name, job_type, created_by, created_at)
        VALUES ('JOB-2025-000007', 'one too many', 'command', 1, '2025-07-01')
      """, "job 2025: 100000 records, and 1 of them find no number"
    ),
    (
      "year-full",
      """
      INSERT INTO universal_targets (target_serial, name, os_type, created_at)
        SELECT NULL, 't', 'linux', '2024-06-01' FROM generate_series(1, 100001) n
      """, "target 2024: 100001 records, and 2 of them find no number"
    ),
    (
      "job-full",
      """
      INSERT INTO jobs (job_serial, name, job_type, created_by) VALUES ('JOB-2025-000001', 'j', 'command', 1);
      INSERT INTO job_executions (job_id, execution_number) SELECT 1, n FROM generate_series(1, 10000) n
      """, "job 1 (JOB-2025-000001) has 10000 executions"
    ),
    (
      "execution-full",
      """
      INSERT INTO jobs (job_serial, name, job_type, created_by) VALUES ('JOB-2025-000001', 'j', 'command', 1);
      INSERT INTO universal_targets (name, os_type) VALUES ('t', 'linux');
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id)
        SELECT 1, 1, n FROM generate_series(1, 10000) n
      """, "execution 1 of job 1 has 10000 branches"
    ),
    (
      "orphan",
      """
      ALTER TABLE job_executions DROP CONSTRAINT job_executions_job_id_fkey;
      INSERT INTO job_executions (job_id, execution_number) VALUES (77, 1)
      """, "there is no job 77"
    ),
    (
      "column-missing", "ALTER TABLE jobs DROP COLUMN scheduled_at",
      "public.jobs has no column scheduled_at"
    ),
    (
      "column-type", "ALTER TABLE jobs ALTER COLUMN job_uuid TYPE varchar(36)",
      "public.jobs.job_uuid is character varying, expected uuid"
    ),
    (
      "table-missing", "DROP TABLE job_execution_branches",
      "public.job_execution_branches is missing"
    ),
    (
      "already-there",
      """
      ALTER TABLE job_executions ADD COLUMN execution_serial varchar(50);
      INSERT INTO jobs (job_serial, name, job_type, created_by) VALUES ('J202500001', 'j', 'command', 1);
      INSERT INTO job_executions (job_id, execution_number, execution_serial) VALUES (1, 1, 'J202500001.0001')
      """, "public.job_executions.execution_serial holds values"
    ),
    (
      "enumeration", "ALTER TYPE executionstatus RENAME VALUE 'cancelled' TO 'aborted'",
      "the type of public.job_executions.status lacks cancelled"
    ),
  ])
  func itStopsWithTheList(code: String, data: String, detail: String) async throws {
    let database = try await LegacyInstallation.make(data)
    let before = try await LegacyInstallation.fingerprint(database, withRandom: true)
    for dry in [true, false] {
      let error = await #expect(throws: LegacyError.self) {
        if dry {
          try await Self.rehearse(database)
        } else {
          try await LegacyInstallation.migrate(database)
        }
      }
      #expect(error?.code == .stopped)
      #expect(
        error?.findings.contains { $0.code == code && $0.detail.contains(detail) } == true,
        "\(error?.findings ?? [])")
      #expect(error?.findings.allSatisfy(\.stops) == true)
    }
    #expect(try await LegacyInstallation.fingerprint(database, withRandom: true) == before)
  }

  /// A year that is exactly full does not stop it, also where gaps have to be filled.
  @Test func aYearMayBeFull() async throws {
    let database = try await LegacyInstallation.make(
      """
      INSERT INTO jobs (job_serial, name, job_type, created_by, created_at)
        SELECT 'JOB-2025-' || lpad(n::text, 6, '0'), 'j', 'command', 1, '2025-06-01' FROM generate_series(2, 99999) n;
      INSERT INTO jobs (job_serial, name, job_type, created_by, created_at)
        VALUES ('JOB-2025-000007', 'into the gap', 'command', 1, '2025-07-01')
      """)
    let outcome = try await LegacyInstallation.migrate(database, LegacyOptions(batch: 20_000))
    #expect(outcome.disagreements == [])
    let rows = try await LegacyInstallation.rows(
      database, "SELECT job_serial FROM jobs WHERE name = 'into the gap'")
    #expect(try rows.first?.text("job_serial") == "J202500001")
  }

  @Test func roleWithoutRightsStopsIt() async throws {
    let database = try await LegacyInstallation.make()
    try await database.sql(
      "CREATE ROLE meek LOGIN; GRANT USAGE ON SCHEMA serial TO meek; "
        + "GRANT SELECT ON ALL TABLES IN SCHEMA serial, public TO meek; "
        + "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA serial TO meek")
    let connection = try await database.connect(as: "meek", limits: LegacyMigration.limits)
    let error = await #expect(throws: LegacyError.self) {
      try await LegacyMigration(connection: connection).run()
    }
    await connection.close()
    #expect(error?.findings.contains { $0.code == "right-missing" } == true)
  }

  private static func rehearse(_ database: Database) async throws {
    let connection = try await database.connect(as: "postgres", limits: LegacyMigration.limits)
    do {
      _ = try await LegacyMigration(connection: connection).rehearse()
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
  }
}
