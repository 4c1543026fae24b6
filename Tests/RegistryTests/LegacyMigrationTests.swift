import DatabaseFixture
import LibPQ
import Synchronization
import Testing

@testable import Registry

/// The migration of an existing installation, row by row against the rules said once more in Swift.
struct LegacyMigrationTests {
  @Test(arguments: [1, 2])
  func everyRecordBecomesWhatTheRulesSay(seed: UInt64) async throws {
    let data = LegacyData(seed: seed)
    let database = try await LegacyInstallation.make(data.sql)
    let outcome = try await LegacyInstallation.migrate(database)
    #expect(!outcome.wasReady)
    #expect(outcome.hasServiceUser)
    #expect(outcome.disagreements == [])
    try await expect(data, in: database)
  }

  /// Every row of a migrated database against the rules.
  private func expect(_ data: LegacyData, in database: Database) async throws {
    let running =
      Int(
        try await database.sql("SELECT serial.running_year()").filter(\.isNumber)) ?? 0
    let jobs = LegacyOracle.records(data.jobs, long: "JOB", short: "J", running: running)
    let targets = LegacyOracle.records(data.targets, long: "TGT", short: "T", running: running)
    let executions = LegacyOracle.children(data.executions)
    let branches = LegacyOracle.children(data.branches.map(\.child))

    for (table, kind, records, fates) in [
      ("jobs", "job", data.jobs, jobs), ("universal_targets", "target", data.targets, targets),
    ] {
      let rows = try await LegacyInstallation.rows(
        database,
        "SELECT id, \(kind)_serial AS serial, \(kind)_uuid AS uuid, created_at FROM \(table)")
      #expect(rows.count == records.count)
      for row in rows {
        let id: Int = try row.decode("id")
        #expect(try row.text("serial") == fates[id]?.serial, "\(table) \(id)")
        #expect(try row.text("created_at") != nil)
      }
      #expect(Set(try rows.map { try row($0, "uuid") }).count == records.count)

      let aliases = try await LegacyInstallation.rows(
        database, "SELECT alias, serial FROM serial.aliases WHERE kind = '\(kind)'")
      var expected: [String: [LegacyOracle.Record]] = [:]
      let compact = kind == "job" ? "J" : "T"
      // A text that a job and a target share finds the job.
      let taken = kind == "job" ? [] : Set(data.jobs.compactMap(\.text))
      for record in records {
        guard let text = record.text, !text.isEmpty, fates[record.id]?.serial != text else {
          continue
        }
        let wellFormed = text.hasPrefix(compact) && text.count == 10
        if !wellFormed, !taken.contains(text) { expected[text, default: []].append(record) }
      }
      #expect(aliases.count == expected.count)
      for alias in aliases {
        let text: String = try alias.decode("alias")
        let carriers = expected[text] ?? []
        let keeper = carriers.first { fates[$0.id]?.kept == true }
        let serials = (keeper.map { [$0] } ?? carriers).compactMap { fates[$0.id]?.serial }
        #expect(serials.contains(try alias.decode("serial")), "alias \(text)")
      }
      try await expectLedger(kind, fates, in: database)
    }

    let jobOf = Dictionary(uniqueKeysWithValues: data.executions.map { ($0.id, $0.parent) })
    func executionSerial(_ id: Int) -> String {
      "\(jobs[jobOf[id] ?? 0]?.serial ?? "?").\(LegacyOracle.padded(executions[id] ?? 0, 4))"
    }
    let executionRows = try await LegacyInstallation.rows(
      database, "SELECT id, execution_number, execution_serial, execution_uuid FROM job_executions")
    #expect(executionRows.count == data.executions.count)
    for row in executionRows {
      let id: Int = try row.decode("id")
      #expect(try row.decode("execution_number", as: Int.self) == executions[id], "execution \(id)")
      #expect(try row.text("execution_serial") == executionSerial(id))
    }
    let branchRows = try await LegacyInstallation.rows(
      database,
      "SELECT id, branch_id, branch_serial, branch_uuid, target_serial_ref FROM job_execution_branches"
    )
    #expect(branchRows.count == data.branches.count)
    let byID = Dictionary(uniqueKeysWithValues: data.branches.map { ($0.child.id, $0) })
    for row in branchRows {
      let id: Int = try row.decode("id")
      let branch = try #require(byID[id])
      #expect(
        try row.text("branch_serial")
          == "\(executionSerial(branch.child.parent)).\(LegacyOracle.padded(branches[id] ?? 0, 4))",
        "branch \(id)")
      #expect(try row.text("branch_id") == branch.name)
      #expect(try row.text("target_serial_ref") == targets[branch.target]?.serial)
    }
    try await expectReport(data, jobs, targets, executions, branches, in: database)
  }

  /// Kept numbers and new ones are issued; below the highest that was kept the rest is void; the counter goes
  /// on after them.
  private func expectLedger(
    _ kind: String, _ fates: [Int: LegacyOracle.Fate], in database: Database
  ) async throws {
    for (year, members) in Dictionary(
      grouping: fates.values, by: { $0.serial.dropFirst().prefix(4) })
    {
      let numbers = Set(members.compactMap { Int($0.serial.suffix(5)) })
      let highest = members.filter(\.kept).compactMap { Int($0.serial.suffix(5)) }.max() ?? 0
      let void = highest > 1 ? (1..<highest).filter { !numbers.contains($0) } : []
      let rows = try await LegacyInstallation.rows(
        database,
        """
        SELECT next_number, settled, (SELECT coalesce(sum(upper(numbers) - lower(numbers)), 0)
            FROM serial.void_ranges v WHERE v.kind = c.kind AND v.year = c.year) AS void,
          (SELECT coalesce(sum(upper(numbers) - lower(numbers)), 0) FROM serial.issue_log i
            WHERE i.kind = c.kind AND i.year = c.year AND i.subject = 'migration') AS lines
        FROM serial.counters c WHERE kind = '\(kind)' AND year = \(year)
        """)
      let row = try #require(rows.first)
      #expect(try row.decode("next_number", as: Int.self) == (numbers.max() ?? 0) + 1)
      #expect(try row.decode("settled", as: Int.self) == numbers.count)
      #expect(try row.decode("lines", as: Int.self) == numbers.count)
      #expect(try row.decode("void", as: Int.self) == void.count, "\(kind) \(year)")
    }
  }

  /// Exactly what changed is in the report.
  private func expectReport(
    _ data: LegacyData, _ jobs: [Int: LegacyOracle.Fate], _ targets: [Int: LegacyOracle.Fate],
    _ executions: [Int: Int], _ branches: [Int: Int], in database: Database
  ) async throws {
    let changes = try await LegacyInstallation.rows(
      database,
      "SELECT on_table, record_id, on_column, old, new FROM serial.legacy_changes "
        + "WHERE on_column NOT IN ('created_at', 'job_uuid', 'target_uuid')")
    var found = Set<String>()
    for change in changes {
      found.insert(
        "\(try change.text("on_table") ?? "") \(try change.text("record_id") ?? "") "
          + "\(try change.text("old") ?? "NULL") -> \(try change.text("new") ?? "")")
    }
    var expected = Set<String>()
    for (table, records, fates) in [
      ("jobs", data.jobs, jobs), ("universal_targets", data.targets, targets),
    ] {
      for record in records where record.text != fates[record.id]?.serial {
        expected.insert(
          "\(table) \(record.id) \(record.text ?? "NULL") -> \(fates[record.id]?.serial ?? "")")
      }
    }
    for child in data.executions where child.wish != executions[child.id] {
      expected.insert(
        "job_executions \(child.id) \(child.wish ?? 0) -> \(executions[child.id] ?? 0)")
    }
    for branch in data.branches where branch.child.wish != branches[branch.child.id] {
      expected.insert(
        "job_execution_branches \(branch.child.id) \(branch.name) -> \(branches[branch.child.id] ?? 0)"
      )
    }
    #expect(found == expected)
  }

  private func row(_ row: Row, _ column: String) throws -> String { try row.decode(column) }

  @Test func aSecondRunChangesNothingAndSaysSo() async throws {
    let database = try await LegacyInstallation.make(LegacyData(seed: 3, jobs: 40).sql)
    try await LegacyInstallation.migrate(database)
    let before = try await LegacyInstallation.fingerprint(database, withRandom: true)
    let outcome = try await LegacyInstallation.migrate(database)
    #expect(outcome.wasReady)
    #expect(outcome.wasMigrated)
    #expect(try await LegacyInstallation.fingerprint(database, withRandom: true) == before)
  }

  @Test func aNewDatabaseHasNothingToMigrate() async throws {
    let database = try await Fixture.shared.database()
    let outcome = try await LegacyInstallation.migrate(database)
    #expect(outcome.wasReady)
    #expect(!outcome.wasMigrated)
  }

  private struct Killed: Error {}

  /// Runs that end between any two transactions, each one transaction later than the one before.
  @Test func itGoesOnAfterEveryKill() async throws {
    let data = LegacyData(seed: 4, jobs: 60, targets: 30, executions: 120, branches: 200)
    let whole = try await LegacyInstallation.make(data.sql)
    try await LegacyInstallation.migrate(whole)
    let killed = try await LegacyInstallation.make(data.sql)
    var kills = 0
    while true {
      let left = Mutex(kills)
      do {
        try await LegacyInstallation.migrate(
          killed,
          checkpoint: { _ in
            let dies = left.withLock { value in
              value -= 1
              return value < 0
            }
            if dies { throw Killed() }
          })
        break
      } catch is Killed {
        kills += 1
      }
    }
    // one for each step at least
    #expect(kills > 10)
    let expected = try await LegacyInstallation.fingerprint(whole, withRandom: false)
    let found = try await LegacyInstallation.fingerprint(killed, withRandom: false)
    #expect(Set(expected).symmetricDifference(found) == [])
    // A row without a time of creation got that of the run, and one without uuid got a random one.
    let changes = """
      SELECT format('%s %s %s %s %s %s', on_table, record_id, on_column, old, new, reason) AS change
      FROM serial.legacy_changes WHERE on_column NOT IN ('created_at', 'job_uuid', 'target_uuid')
      """
    let expectedChanges = try await LegacyInstallation.rows(whole, changes).map {
      try $0.text("change") ?? ""
    }
    let foundChanges = try await LegacyInstallation.rows(killed, changes).map {
      try $0.text("change") ?? ""
    }
    #expect(expectedChanges.count > 100)
    #expect(expectedChanges.sorted() == foundChanges.sorted())
    try await expect(data, in: killed)
  }

  @Test func aSecondRunAtTheSameTimeIsRefused() async throws {
    let database = try await LegacyInstallation.make(LegacyData(seed: 5, jobs: 20).sql)
    let refused = Mutex<LegacyError?>(nil)
    try await LegacyInstallation.migrate(
      database,
      checkpoint: { step in
        guard step == .jobs, refused.withLock({ $0 == nil }) else { return }
        do {
          try await LegacyInstallation.migrate(database)
        } catch let error as LegacyError {
          refused.withLock { $0 = error }
        }
      })
    let code = refused.withLock { $0?.code }
    #expect(code == .busy)
  }
}
