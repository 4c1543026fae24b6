public import LibPQ

/// The migration of an existing installation: gives its jobs, targets, executions and branches their
/// serials while the old application keeps writing, and then lets the database itself number what is
/// inserted.
///
/// Each step is transactions of its own and does what is left to do, which it sees from the database: a run
/// that was killed at any moment is gone on with by the next one. What the steps do is in
/// `Migrations/0024...0026`.
public struct LegacyMigration: Sendable {
  let connection: Connection
  let options: LegacyOptions
  let observe: @Sendable (LegacyEvent) -> Void
  /// Called between any two transactions: a test ends the run there.
  let checkpoint: @Sendable (LegacyStep) async throws -> Void

  /// - Parameters:
  ///   - connection: an administrator's, with `LegacyMigration.limits`, used by nobody else meanwhile.
  ///   - observe: told what is done.
  public init(
    connection: Connection, options: LegacyOptions = LegacyOptions(),
    observe: @escaping @Sendable (LegacyEvent) -> Void = { _ in }
  ) {
    self.init(connection: connection, options: options, observe: observe) { _ in }
  }

  package init(
    connection: Connection, options: LegacyOptions,
    observe: @escaping @Sendable (LegacyEvent) -> Void,
    checkpoint: @escaping @Sendable (LegacyStep) async throws -> Void
  ) {
    self.connection = connection
    self.options = options
    self.observe = observe
    self.checkpoint = checkpoint
  }

  /// The limits of the connection. A lock of the application is waited for only a moment, below the time
  /// after which the server looks for deadlocks: so none of the application's statements is ever the
  /// victim. Building an index may take hours.
  public static let limits = SessionLimits(
    applicationName: "serialctl migrate-legacy", statementTimeoutMilliseconds: 43_200_000,
    lockTimeoutMilliseconds: lockMilliseconds, idleInTransactionTimeoutMilliseconds: 600_000,
    clientMarginMilliseconds: 10_000)
  static let lockMilliseconds = 300
  /// What waits for older transactions and is in nobody's way.
  static let slowLockMilliseconds = 600_000
  /// The last rows are done while writers wait: so many at most.
  static let fewRows = 1_000

  /// Migrates, or goes on, or finds that there is nothing to do.
  ///
  /// Throws `LegacyError`: `stopped` (nothing was written) with what the check found, `busy`, `lockedOut`
  /// after which it may be run again; and `LibPQError` as the connection does.
  public func run() async throws -> LegacyOutcome {
    try await prepare()
    try await lock()
    var state = try await readState()
    guard state.name != "ready" else {
      return LegacyOutcome(
        wasReady: true, wasMigrated: state.wasMigrated, disagreements: [], hasServiceUser: true)
    }
    if !state.isSwitched {
      try await check()
      try await once(.columns, LegacySQL.begin)
      try await convert()
      state = try await readState()
    }
    try await change(.lateIndexes, "late")
    try await change(.constraints, "constraints")
    try await change(.cleanup, "cleanup")
    try await clearAway()
    let finished = try await once(.finish, LegacySQL.finish).singleRow()
    return LegacyOutcome(
      wasReady: false, wasMigrated: true, disagreements: try await disagreements(),
      hasServiceUser: try finished.decode("service_user", as: Int?.self) != nil)
  }

  /// What happens while the old application numbers its rows itself.
  private func convert() async throws {
    try await change(.columns, "columns")
    try await change(.helpers, "helpers")
    try await gatherStatistics()
    try await plan(.planJobs, "job")
    try await plan(.planTargets, "target")
    try await convertRecords(.jobs, "job")
    try await convertRecords(.targets, "target")
    try await numberChildren(.executions, .execution)
    try await numberChildren(.branches, .branch)
    try await change(.earlyIndexes, "early")
    try await gatherStatistics()
    try await catchUp()
    observe(.began(.switchOver, total: nil))
    let rows: Int = try await once(
      .switchOver, LegacySQL.switchOver, [.text(options.writes.rawValue)]
    ).singleRow().decode("rows")
    observe(.ended(.switchOver, done: rows))
  }

  /// Rows that came while others were done, until few are left, or no fewer than before.
  private func catchUp() async throws {
    observe(.began(.catchUp, total: nil))
    var done = 0
    var before = Int.max
    while true {
      let left = try await countLeft()
      guard left.total > Self.fewRows else { break }
      guard left.total < before else {
        observe(
          .waits(
            .catchUp,
            why: "\(left.total) rows are left: the application writes as fast as they are done"))
        break
      }
      before = left.total
      for kind in ["job", "target"] {
        _ = try await once(.catchUp, LegacySQL.planRecords, [.text(kind)])
        done += try await convertAll(.catchUp, kind) { _ in }
      }
      for kind in [Children.execution, .branch] {
        done += try await numberAll(.catchUp, kind, through: left.last(kind)) { _ in }
      }
    }
    observe(.ended(.catchUp, done: done))
  }

  /// A session whose client was killed ends within a second, also in the midst of a statement. One that waits
  /// for a lock makes way for nobody but has autovacuum make way for it, which PostgreSQL does when it looks for
  /// deadlocks: so, where the role may, that is before the wait is given up.
  private func prepare() async throws {
    try await connection.simpleScript(
      """
      SET client_connection_check_interval = '1s';
      SET work_mem = '128MB';
      SELECT set_config('deadlock_timeout', '100ms', false)
        WHERE has_parameter_privilege('deadlock_timeout', 'SET');
      """)
  }

  /// A session of a killed run may need a moment to end.
  private func lock() async throws {
    for attempt in 0..<15 {
      if attempt > 0 { try await Task.sleep(for: .milliseconds(200)) }
      let row = try await connection.execute(LegacySQL.lock).singleRow()
      if try row.decode("is_locked", as: Bool.self) { return }
    }
    throw LegacyError(.busy, "another run of the migration is under way on this database")
  }

  struct State: Sendable {
    let name: String
    let isSwitched: Bool
    let wasMigrated: Bool
  }

  func readState() async throws -> State {
    let row: Row
    do throws(LibPQError) {
      row = try await connection.execute(LegacySQL.readState).singleRow()
    } catch {
      guard ["42P01", "3F000"].contains(error.sqlState ?? "") else { throw error }
      throw LegacyError(
        .notPossible, "the schema of the allocator is missing or older: run `seriald migrate` first"
      )
    }
    return State(
      name: try row.decode("state"), isSwitched: try row.decode("is_switched"),
      wasMigrated: try row.decode("was_migrated"))
  }
}
