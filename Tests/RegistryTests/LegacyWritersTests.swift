import DatabaseFixture
import LibPQ
import Synchronization
import Testing

@testable import Registry

/// The old application goes on writing in its own manner while it is migrated.
struct LegacyWritersTests {
  /// What one worker of the application does, again and again: a job and a target with MAX + 1, executions and
  /// branches, and the status of older ones. It never says a serial that the allocator made.
  private static let round = """
    INSERT INTO jobs (job_uuid, job_serial, name, job_type, status, created_by)
      SELECT gen_random_uuid(), 'JOB-' || extract(year FROM now() AT TIME ZONE 'UTC') || '-' || lpad((1 + coalesce(
        max(substr(job_serial, 10)::integer), 0))::text, 6, '0'), 'written', 'command', 'running', 1
      FROM jobs WHERE job_serial LIKE 'JOB-' || extract(year FROM now() AT TIME ZONE 'UTC') || '-%';
    INSERT INTO universal_targets (target_uuid, target_serial, name, os_type)
      SELECT gen_random_uuid(), 'TGT-2025-' || lpad((1 + coalesce(max(substr(target_serial, 10)::integer), 0))::text,
        6, '0'), 'written', 'linux' FROM universal_targets WHERE target_serial LIKE 'TGT-2025-%';
    INSERT INTO job_executions (job_id, execution_number, status)
      SELECT j.id, 1 + coalesce((SELECT max(e.execution_number) FROM job_executions e WHERE e.job_id = j.id
          AND e.execution_number < 9000), 0), 'running'
      FROM jobs j WHERE j.id IN ((SELECT 1 + floor(random() * 150)::integer), (SELECT max(id) FROM jobs));
    INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id, status)
      SELECT (SELECT max(id) FROM job_executions), t.id, lpad(row_number() OVER ()::text, 3, '0'), 'running'
      FROM (SELECT id FROM universal_targets ORDER BY id DESC LIMIT 3) t;
    UPDATE job_execution_branches SET status = 'completed', exit_code = 0, result_output = 'done'
      WHERE id = (SELECT max(id) FROM job_execution_branches WHERE status = 'running');
    """

  /// Four workers write without a pause, from before the first step until after the last; each step of the
  /// migration begins only when they have written twice more.
  @Test(.timeLimit(.minutes(5))) func nothingIsLostAndNoErrorReachesTheApplication() async throws {
    let data = LegacyData(seed: 7)
    let database = try await LegacyInstallation.make(data.sql)
    let rounds = Rounds()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let application = try await database.connect(as: "enabledrm", limits: .migration)
          var after = 0
          while after < 5 {
            do {
              try await application.simpleScript(Self.round)
            } catch let error as LibPQError {
              Issue.record("\(error.explanation)")
              throw error
            }
            if await rounds.written() { after += 1 }
          }
          await application.close()
        }
      }
      group.addTask {
        do {
          try await LegacyInstallation.migrate(
            database, LegacyOptions(batch: 500, patienceSeconds: 120),
            checkpoint: { await rounds.wait(before: $0) })
        } catch let error as LibPQError {
          Issue.record("\(error.explanation)")
          throw error
        }
        await rounds.end()
      }
      try await group.waitForAll()
    }
    let written = await rounds.count
    #expect(written > 40)

    let row = try await LegacyInstallation.row(
      database,
      """
      SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM universal_targets) AS targets,
        (SELECT count(*) FROM job_executions) AS executions,
        (SELECT count(*) FROM job_execution_branches) AS branches,
        (SELECT count(*) FROM serial.verify()) AS disagreements,
        (SELECT count(*) FROM job_executions e JOIN jobs j ON j.id = e.job_id
          WHERE e.execution_serial IS DISTINCT FROM
            j.job_serial || '.' || lpad(e.execution_number::text, 4, '0')) AS wrong_executions,
        (SELECT count(*) FROM job_execution_branches b JOIN job_executions e ON e.id = b.job_execution_id
          JOIN universal_targets t ON t.id = b.target_id
          WHERE left(b.branch_serial, 15) IS DISTINCT FROM e.execution_serial
            OR b.target_serial_ref IS DISTINCT FROM t.target_serial) AS wrong_branches,
        (SELECT count(*) FROM jobs WHERE job_serial !~ '^J[2-9][0-9]{8}$') AS wrong_jobs,
        (SELECT count(*) FROM serial.legacy_plan WHERE NOT applied) AS not_applied
      """)
    #expect(try row.decode("jobs", as: Int.self) == data.jobs.count + written)
    #expect(try row.decode("targets", as: Int.self) == data.targets.count + written)
    #expect(try row.decode("branches", as: Int.self) == data.branches.count + 3 * written)
    for column in [
      "disagreements", "wrong_executions", "wrong_branches", "wrong_jobs", "not_applied",
    ] {
      #expect(try row.decode(column, as: Int.self) == 0, "\(column)")
    }
  }

  @Test func aRowThatTheApplicationHoldsIsWaitedFor() async throws {
    let database = try await LegacyInstallation.make(
      "INSERT INTO jobs (job_serial, name, job_type, created_by) VALUES ('JOB-2025-000001', 'j', 'command', 1)"
    )
    let application = try await database.connect(as: "enabledrm", limits: .migration)
    try await application.simpleScript("BEGIN; UPDATE jobs SET name = 'held'")
    let waited = Mutex(false)
    try await LegacyInstallation.migrate(
      database,
      observe: { event in
        guard case .waits = event else { return }
        if waited.withLock({
          let first = !$0
          $0 = true
          return first
        }) {
          Task { try await application.simpleScript("COMMIT") }
        }
      })
    await application.close()
    let hasWaited = waited.withLock { $0 }
    #expect(hasWaited)
    let rows = try await LegacyInstallation.rows(database, "SELECT name, job_serial FROM jobs")
    #expect(try rows.first?.text("name") == "held")
    #expect(try rows.first?.text("job_serial") == "J202500001")
  }

  @Test func noExecutionAndNoBranchIsWithoutAStatus() async throws {
    let database = try await LegacyInstallation.make(
      """
      INSERT INTO jobs (name, job_type, created_by) VALUES ('j', 'command', 1);
      INSERT INTO universal_targets (name, os_type) VALUES ('t', 'linux');
      INSERT INTO job_executions (job_id, execution_number) VALUES (1, 1);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id) VALUES (1, 1, '001')
      """)
    try await LegacyInstallation.migrate(database)
    let application = try await database.connect(as: "enabledrm")
    try await application.simpleScript(
      """
      INSERT INTO job_executions (job_id, execution_number, status) VALUES (1, 1, NULL);
      INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id, status)
        VALUES (2, 1, '001', NULL)
      """)
    for table in ["job_executions", "job_execution_branches"] {
      await #expect(throws: LibPQError.self) {
        try await application.simpleScript("UPDATE \(table) SET status = NULL")
      }
    }
    await application.close()
    let row = try await LegacyInstallation.row(
      database,
      """
      SELECT (SELECT count(*) FROM job_executions WHERE status = 'scheduled') AS executions,
        (SELECT count(*) FROM job_execution_branches WHERE status = 'scheduled') AS branches,
        (SELECT count(*) FROM serial.legacy_changes WHERE on_column = 'status'
          AND reason = 'without-status' AND old IS NULL AND new = 'scheduled') AS told
      """)
    for column in ["executions", "branches", "told"] {
      #expect(try row.decode(column, as: Int.self) == 2, "\(column)")
    }
  }

  @Test(arguments: [LegacyOptions.Writes.renumber, .refuse])
  func afterwardsTheDatabaseNumbersWhatIsInserted(writes: LegacyOptions.Writes) async throws {
    let database = try await LegacyInstallation.make(LegacyData(seed: 8, jobs: 20).sql)
    try await LegacyInstallation.migrate(database, LegacyOptions(writes: writes))
    let application = try await database.connect(as: "enabledrm")
    try await application.simpleScript(
      "INSERT INTO jobs (name, job_type, created_by) VALUES ('without', 'command', 1)")
    let own =
      "INSERT INTO jobs (job_serial, name, job_type, created_by) VALUES ('JOB-2025-000001', 'own', "
      + "'command', 1)"
    switch writes {
    case .renumber: try await application.simpleScript(own)
    case .refuse:
      await #expect(throws: LibPQError.self) { try await application.simpleScript(own) }
    }
    await application.close()
    let rows = try await LegacyInstallation.rows(
      database, "SELECT job_serial, name FROM jobs WHERE name IN ('without', 'own')")
    #expect(rows.count == (writes == .renumber ? 2 : 1))
    for row in rows {
      #expect(try row.text("job_serial")?.wholeMatch(of: #/J[2-9][0-9]{8}/#) != nil)
    }
    #expect(try await database.sql("SELECT count(*) FROM serial.verify()").contains("0"))
  }
}

/// What the writers and the migration know of each other.
private actor Rounds {
  private(set) var count = 0
  private var isEnded = false
  private var steps: Set<LegacyStep> = []
  private var waiting: (until: Int, CheckedContinuation<Void, Never>)?

  /// Counts one round; says whether the migration has ended.
  func written() -> Bool {
    count += 1
    if let (until, continuation) = waiting, count >= until {
      waiting = nil
      continuation.resume()
    }
    return isEnded
  }

  func wait(before step: LegacyStep) async {
    guard steps.insert(step).inserted else { return }
    await withCheckedContinuation { waiting = (count + 2, $0) }
  }

  func end() { isEnded = true }
}
