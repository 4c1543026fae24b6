import DatabaseFixture
import LibPQ
import Registry
import SerialFormat
import Testing

/// Records as a superuser writes them, past everything that numbers and guards them.
enum ReadingData {
  /// Two jobs of 2025, one of 2026; four targets. J202500001 ran three times: twice on all targets
  /// and once on 15 places, the last of which failed on T202500045.
  static let support = """
    INSERT INTO public.jobs (id, job_serial, name, job_type, status, created_by, created_at) VALUES
      (1, 'J202500001', 'System Update', 'script', 'running', 1, now() - interval '40 days'),
      (2, 'J202500002', 'Nightly 100% backup', 'command', 'completed', 1, now() - interval '20 days'),
      (3, 'J202600001', 'System check', 'command', 'draft', 1, now() - interval '1 day');
    INSERT INTO public.universal_targets (id, target_serial, name, os_type, environment, created_at)
    VALUES
      (1, 'T202500001', 'web-1', 'linux', 'test', now() - interval '40 days'),
      (2, 'T202500002', 'web-2', 'linux', 'production', now() - interval '30 days'),
      (3, 'T202500003', 'gateway', 'windows', NULL, now() - interval '20 days'),
      (45, 'T202500045', 'Production server', 'linux', 'production', now() - interval '10 days');
    INSERT INTO public.job_executions
      (id, job_id, execution_number, execution_serial, status, started_at, completed_at, created_at)
    VALUES
      (1, 1, 1, 'J202500001.0001', 'completed', now() - interval '35 days',
        now() - interval '35 days' + interval '10 s', now() - interval '35 days'),
      (2, 1, 2, 'J202500001.0002', 'completed', now() - interval '3 days',
        now() - interval '3 days' + interval '20 s', now() - interval '3 days'),
      (3, 1, 3, 'J202500001.0003', 'failed', now() - interval '2 days',
        now() - interval '2 days' + interval '40 s', now() - interval '2 days'),
      (4, 2, 1, 'J202500002.0001', 'scheduled', NULL, NULL, now() - interval '1 hour');
    INSERT INTO public.job_execution_branches
      (id, job_execution_id, target_id, branch_id, status, started_at, completed_at, result_output,
        result_error, exit_code, created_at, branch_serial, target_serial_ref)
    SELECT e.id * 100 + n, e.id, t.id, lpad(n::text, 3, '0'), s.status, e.started_at,
      e.started_at + n * interval '1 s', CASE WHEN s.status = 'completed' THEN 'done ' || n END,
      CASE WHEN s.status = 'failed' THEN 'disk full' END,
      CASE s.status WHEN 'completed' THEN 0 WHEN 'failed' THEN 7 END, e.created_at,
      e.execution_serial || '.' || lpad(n::text, 4, '0'), t.target_serial
    FROM public.job_executions e
    CROSS JOIN generate_series(1, CASE e.id WHEN 3 THEN 15 WHEN 4 THEN 1 ELSE 4 END) n
    JOIN public.universal_targets t ON t.id = (ARRAY[1, 2, 3, 45])[1 + (n - 1) % 4]
      AND e.id <> 3 OR t.id = CASE WHEN n = 15 THEN 45 ELSE 1 + n % 3 END AND e.id = 3
    CROSS JOIN LATERAL (
      SELECT CASE WHEN e.id = 4 THEN 'scheduled' WHEN e.id = 3 AND n = 15 THEN 'failed'
        ELSE 'completed' END::public.execution_status AS status
    ) s;
    INSERT INTO serial.aliases (alias, kind, serial, reason) VALUES
      ('JOB-2025-000001', 'job', 'J202500001', 'migrated'),
      ('J20250002', 'job', 'J202500002', 'migrated'),
      ('TGT-2025-000045', 'target', 'T202500045', 'migrated');
    """

  /// 50,000 rows in each table, twice as many branches, as statistics see them.
  static let many = [
    """
    INSERT INTO public.universal_targets (id, target_serial, name, os_type, created_at)
      SELECT n, 'T2025' || lpad(n::text, 5, '0'), 'host ' || md5(n::text), 'linux',
        now() - n * interval '10 min'
      FROM generate_series(1, 50000) n
    """,
    """
    INSERT INTO public.jobs (id, job_serial, name, status, created_by, created_at)
      SELECT n, 'J2025' || lpad(n::text, 5, '0'), 'task ' || md5((-n)::text), 'completed', 1,
        now() - n * interval '10 min'
      FROM generate_series(1, 50000) n
    """,
    """
    INSERT INTO public.job_executions
        (id, job_id, execution_number, execution_serial, status, started_at, completed_at, created_at)
      SELECT n, j, e, 'J2025' || lpad(j::text, 5, '0') || '.' || lpad(e::text, 4, '0'),
        CASE WHEN n % 1000 = 0 THEN 'running' WHEN n % 10 = 6 THEN 'failed'
          ELSE 'completed' END::public.execution_status, t, t + interval '1 min', t
      FROM generate_series(1, 50000) n,
        LATERAL (SELECT 1 + (n - 1) / 5 AS j, 1 + (n - 1) % 5 AS e, now() - n * interval '10 min' AS t) x
    """,
    """
    INSERT INTO public.job_execution_branches
        (id, job_execution_id, target_id, branch_id, branch_serial, target_serial_ref, status,
          started_at, completed_at, created_at)
      SELECT e.id * 2 + n, e.id, t, n::text, e.execution_serial || '.000' || n,
        'T2025' || lpad(t::text, 5, '0'), e.status, e.started_at, e.completed_at, e.created_at
      FROM public.job_executions e, generate_series(1, 2) n,
        LATERAL (SELECT 1 + (e.id * 7 + n) % 1000 AS t) x
    """,
  ]

  static func insert(_ sql: String, into database: Database) async throws {
    try await database.sql("SET session_replication_role = replica; \(sql)")
  }

  /// A reader of a new database with the records of `support`, for tests that write.
  static func withReading<Value: Sendable>(
    _ body: @Sendable (PostgresRecordReading, Database) async throws -> Value
  ) async throws -> Value {
    let database = try await Fixture.shared.database()
    try await insert(support, into: database)
    return try await withReading(of: database) { try await body($0, database) }
  }

  /// The same with a database that tests share, for those that only read.
  static func withSharedReading<Value: Sendable>(
    _ body: @Sendable (PostgresRecordReading) async throws -> Value
  ) async throws -> Value {
    try await withReading(of: try await shared.database(), body)
  }

  static let shared = SharedDatabase { try await insert(support, into: $0) }
  static let full = SharedDatabase { database in
    let admin = try await database.connect(as: "postgres", limits: .migration)
    try await fill(admin)
    await admin.close()
  }

  /// Fills a database with `many` through a superuser's connection.
  static func fill(_ admin: Connection) async throws {
    let all = ["SET session_replication_role = replica"] + many + ["VACUUM ANALYZE"]
    for (number, sql) in all.enumerated() {
      _ = try await admin.execute(
        Statement(name: "fill_\(number)", sql: sql, parameterCount: 0))
    }
  }

  private static func withReading<Value: Sendable>(
    of database: Database, _ body: @Sendable (PostgresRecordReading) async throws -> Value
  ) async throws -> Value {
    try await database.withPool(as: "eu-1") { pool in
      try await body(PostgresRecordReading(pool: pool, callMilliseconds: 30_000))
    }
  }
}

/// All tests of reading, one after the other: they share databases, and measure nothing.
@Suite(.serialized) enum ReadingTests {}

/// A database that is made by the first test that wants it.
actor SharedDatabase {
  private let fill: @Sendable (Database) async throws -> Void
  private var making: Task<Database, any Error>?

  init(_ fill: @escaping @Sendable (Database) async throws -> Void) { self.fill = fill }

  func database() async throws -> Database {
    if let making { return try await making.value }
    let task = Task { [fill] in
      let database = try await Fixture.shared.database()
      try await fill(database)
      return database
    }
    making = task
    return try await task.value
  }
}

/// Tests that write serials as texts.
protocol ReadingSuite: Sendable {}

extension ReadingSuite {
  func job(_ text: String) -> JobSerial { serial(text) }
  func target(_ text: String) -> TargetSerial { serial(text) }
  func execution(_ text: String) -> ExecutionSerial { serial(text) }
  func branch(_ text: String) -> BranchSerial { serial(text) }

  private func serial<S: SerialProtocol>(_ text: String) -> S {
    guard let serial = S(text) else { preconditionFailure("\(text) is no serial") }
    return serial
  }
}
