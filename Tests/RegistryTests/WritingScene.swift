import Allocator
import DatabaseFixture
import Foundation
import LibPQ
import LocalCluster
import Logging
import Records
import Registry
import SerialFormat
import Testing

/// A database with jobs J202600001... and targets T202600001..., and a node that writes into it.
struct WritingScene: Sendable {
  let database: Database
  let writing: PostgresRecordWriting

  static let job = job(1)

  static func job(_ number: Int) -> JobSerial {
    guard let serial = try? JobSerial(year: 2026, number: number) else {
      preconditionFailure("\(number) is not a number of a job")
    }
    return serial
  }

  static func target(_ number: Int) -> TargetSerial {
    guard let serial = try? TargetSerial(year: 2026, number: number) else {
      preconditionFailure("\(number) is not a number of a target")
    }
    return serial
  }

  /// Runs a body with a new database.
  static func run<Value: Sendable>(
    jobs: Int = 1, targets: Int = 3, connections: Int = 4,
    _ body: @Sendable (WritingScene) async throws -> Value
  ) async throws -> Value {
    let database = try await Fixture.shared.database()
    try await prepare(database, jobs: jobs, targets: targets)
    return try await run(on: database, connections: connections, body)
  }

  static func run<Value: Sendable>(
    on database: Database, as node: String = "eu-1", connections: Int = 4,
    _ body: @Sendable (WritingScene) async throws -> Value
  ) async throws -> Value {
    let uri = try database.server.uri(role: node, database: database.name)
    let pool = ConnectionPool(
      options: try ConnectionOptions(parsing: uri.description), limits: limits,
      configuration: ConnectionPool.Configuration(size: connections), logger: Fixture.logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await pool.run() }
      let value = try await body(
        WritingScene(
          database: database,
          writing: PostgresRecordWriting(pool: pool, callMilliseconds: 120_000)))
      group.cancelAll()
      return value
    }
  }

  /// Wider than a node's: all tests run at once, and a full execution shall not fail on a machine that is
  /// busy with other things.
  private static let limits = SessionLimits(
    statementTimeoutMilliseconds: 60_000, lockTimeoutMilliseconds: 30_000)

  /// As a superuser whom no trigger sees.
  static func prepare(_ database: Database, jobs: Int, targets: Int) async throws {
    try await database.sql(
      """
      SET session_replication_role = replica;
      INSERT INTO public.jobs (job_serial, name, created_by)
        SELECT 'J2026' || lpad(i::text, 5, '0'), 'job ' || i, u.id
        FROM generate_series(1, \(jobs)) i, (SELECT min(id) AS id FROM public.users) u ORDER BY i;
      INSERT INTO public.universal_targets (target_serial, name, os_type)
        SELECT 'T2026' || lpad(i::text, 5, '0'), 'target ' || i, 'linux'
        FROM generate_series(1, \(targets)) i ORDER BY i;
      """)
  }

  func create(
    _ targets: TargetList, of job: JobName = .serial(WritingScene.job), scheduledAt: Date? = nil,
    key: ExecutionDraft.Key? = nil
  ) async throws(CoordinatorError) -> CreateOutcome {
    try await writing.createExecution(
      ExecutionDraft(
        job: job, targets: targets, scheduledAt: scheduledAt, subject: "tester", key: key))
  }

  /// An execution of the first job with so many branches.
  func execution(branches: Int) async throws -> ExecutionSerial {
    let outcome = try await create(
      .serials((1...branches).map { WritingScene.target(($0 - 1) % 3 + 1) }))
    guard case .created(let serial, isReplay: false) = outcome else {
      throw UnexpectedOutcome(outcome: outcome)
    }
    return serial
  }

  struct UnexpectedOutcome: Error {
    let outcome: CreateOutcome
  }

  func change(
    _ serial: BranchSerial, _ status: RecordStatus? = nil, startedAt: Date? = nil,
    completedAt: Date? = nil, output: String? = nil, error: String? = nil, exitCode: Int? = nil
  ) async throws -> ChangeOutcome {
    try await writing.changeBranch(
      serial,
      BranchChange(
        status: status, startedAt: startedAt, completedAt: completedAt, output: output,
        error: error, exitCode: exitCode))
  }

  func change(
    _ serial: ExecutionSerial, _ status: RecordStatus? = nil, startedAt: Date? = nil,
    completedAt: Date? = nil
  ) async throws -> ChangeOutcome {
    try await writing.changeExecution(
      serial, ExecutionChange(status: status, startedAt: startedAt, completedAt: completedAt))
  }

  func status(_ serial: ExecutionSerial) async throws -> RecordStatus? {
    RecordStatus(
      rawValue: try await database.sql(
        "SELECT status FROM job_executions WHERE execution_serial = '\(serial)'"))
  }

  func status(_ serial: BranchSerial) async throws -> RecordStatus? {
    RecordStatus(
      rawValue: try await database.sql(
        "SELECT status FROM job_execution_branches WHERE branch_serial = '\(serial)'"))
  }

  /// Rows of executions, branches and keys.
  func rows() async throws -> String {
    try await database.sql(
      """
      SELECT (SELECT count(*) FROM job_executions) || ' '
        || (SELECT count(*) FROM job_execution_branches) || ' '
        || (SELECT count(*) FROM serial.execution_keys)
      """)
  }

  /// The error of a call that the server refuses for good; nil when it is not refused.
  static func rejection(_ call: @Sendable () async throws -> Void) async throws -> String? {
    do {
      try await call()
      return nil
    } catch let error as CoordinatorError where error.code == .rejected {
      return error.detail
    }
  }
}
