import LibPQ

extension LegacyMigration {
  /// What stands against the migration, before anything is written.
  func check() async throws {
    observe(.began(.check, total: nil))
    let findings = try await findings()
    for finding in findings where !finding.stops { observe(.found(finding)) }
    let stops = findings.filter(\.stops)
    guard stops.isEmpty else {
      throw LegacyError(
        .stopped, "the installation cannot be migrated as it is; nothing was written",
        findings: stops)
    }
    observe(.ended(.check, done: 0))
  }

  func findings() async throws -> [LegacyFinding] {
    let tables = try await connection.execute(LegacySQL.checkTables).rows.map(Self.finding)
    guard tables.isEmpty else { return tables }
    return try await connection.execute(LegacySQL.checkRows).rows.map(Self.finding)
  }

  private static func finding(_ row: Row) throws -> LegacyFinding {
    LegacyFinding(
      stops: try row.decode("stops"), code: try row.decode("code"), detail: try row.decode("detail")
    )
  }

  /// Runs the statements of a phase until none is left.
  func change(_ step: LegacyStep, _ phase: String) async throws {
    observe(.began(step, total: nil))
    var done = 0
    while true {
      let statements = try await connection.execute(LegacySQL.listStatements, [.text(phase)]).rows
      if statements.isEmpty { break }
      for row in statements {
        let sql: String = try row.decode("statement")
        try await run(step, sql, isSlow: try row.decode("slow"))
        done += 1
      }
    }
    observe(.ended(step, done: done))
  }

  /// Plans the records of a kind.
  func plan(_ step: LegacyStep, _ kind: String) async throws {
    observe(.began(step, total: nil))
    let row = try await once(step, LegacySQL.planRecords, [.text(kind)]).singleRow()
    observe(.ended(step, done: try row.decode("planned")))
  }

  /// Gives the records of a kind their serials.
  func convertRecords(_ step: LegacyStep, _ kind: String) async throws {
    let left = try await countLeft()
    observe(.began(step, total: kind == "job" ? left.jobs : left.targets))
    let done = try await convertAll(step, kind) { observe(.advanced(step, done: $0)) }
    observe(.ended(step, done: done))
  }

  func convertAll(_ step: LegacyStep, _ kind: String, _ advanced: (Int) -> Void) async throws
    -> Int
  {
    var done = 0
    var patience = Patience(options)
    while true {
      let row: Row
      do {
        row = try await once(
          step, LegacySQL.convertRecords, [.text(kind), .int(options.batch)]
        ).singleRow()
      } catch let error as LibPQError where error.sqlState == "23505" {
        // the application inserted a serial that a record was about to get: that row is planned first
        observe(.waits(step, why: "the application inserted a serial that was planned"))
        try await patience.pause()
        _ = try await once(step, LegacySQL.planRecords, [.text(kind)])
        continue
      }
      let count: Int = try row.decode("done")
      done += count
      advanced(done)
      if try row.decode("left_over", as: Int.self) == 0 { return done }
      if count == 0 {
        observe(.waits(step, why: "the application has locked the rows that are left"))
        try await patience.pause()
      } else {
        patience = Patience(options)
      }
    }
  }

  /// The tables of children.
  enum Children: String {
    case execution, branch
  }

  /// Numbers the executions or branches.
  func numberChildren(_ step: LegacyStep, _ kind: Children) async throws {
    let left = try await countLeft()
    observe(.began(step, total: kind == .execution ? left.executions : left.branches))
    let done = try await numberAll(step, kind, through: left.last(kind)) {
      observe(.advanced(step, done: $0))
    }
    observe(.ended(step, done: done))
  }

  /// Only as far as there were rows when it began: else one that writes without a pause would be run after.
  func numberAll(
    _ step: LegacyStep, _ kind: Children, through last: Int, _ advanced: (Int) -> Void
  ) async throws -> Int {
    var done = 0
    var after: Int? = 0
    while let from = after, from < last {
      let row = try await once(
        step, LegacySQL.numberChildren, [.text(kind.rawValue), .int(from), .int(options.batch)]
      ).singleRow()
      done += try row.decode("done", as: Int.self)
      after = try row.decode("next_after")
      advanced(done)
    }
    return done
  }

  struct Left: Sendable {
    let jobs: Int
    let targets: Int
    let executions: Int
    let branches: Int
    let lastExecution: Int
    let lastBranch: Int

    var total: Int { jobs + targets + executions + branches }

    func last(_ kind: Children) -> Int { kind == .execution ? lastExecution : lastBranch }
  }

  func countLeft() async throws -> Left {
    let row = try await connection.execute(LegacySQL.countLeft).singleRow()
    return Left(
      jobs: try row.decode("jobs"), targets: try row.decode("targets"),
      executions: try row.decode("executions"), branches: try row.decode("branches"),
      lastExecution: try row.decode("last_execution"), lastBranch: try row.decode("last_branch"))
  }

  /// What the planner knows of the tables: before rows are written, and once they have serials, since
  /// statements that run while writers wait find their few rows by an index only then.
  func gatherStatistics() async throws {
    observe(.began(.statistics, total: nil))
    for table in Self.tables + ["serial.legacy_plan"] {
      try await run(.statistics, "ANALYZE \(table)", isSlow: true)
    }
    observe(.ended(.statistics, done: Self.tables.count + 1))
  }

  /// Every row was written anew: what they were is cleared away, so that totals are read from an index alone.
  func clearAway() async throws {
    observe(.began(.clearing, total: nil))
    for table in Self.tables {
      try await run(.clearing, "VACUUM (ANALYZE) \(table)", isSlow: true)
    }
    observe(.ended(.clearing, done: Self.tables.count))
  }

  private static let tables = [
    "public.universal_targets", "public.jobs", "public.job_executions",
    "public.job_execution_branches",
  ]

  func disagreements() async throws -> [String] {
    try await connection.execute(
      Statement(
        name: "registry_verify_legacy",
        sql: "SELECT \"check\", kind, year, first, last, detail FROM serial.verify()",
        parameterCount: 0)
    ).rows.map { row in
      let place = try [row.text("kind"), row.text("year")].compactMap(\.self)
      let numbers = try [row.text("first"), row.text("last")].compactMap(\.self)
      return
        "\(try row.text("check") ?? "") \(place.joined(separator: " ")) "
        + "\(numbers.joined(separator: "...")): \(try row.text("detail") ?? "")"
    }
  }
}
