import DatabaseFixture
import LibPQ
import LocalCluster
import Synchronization
import Testing

/// A database with a user, five targets and one job, and roles of applications that use it by SQL.
struct GuardsWorld: Sendable {
  let database: Database
  let application: String

  private static let made = Mutex(0)

  /// Time enough for fifty connections that wait for one row on a busy machine.
  static let patient = SessionLimits(
    statementTimeoutMilliseconds: 120_000, lockTimeoutMilliseconds: 100_000,
    idleInTransactionTimeoutMilliseconds: 120_000)

  static let boot = "11111111-1111-4111-8111-111111111111"

  static func make() async throws -> GuardsWorld {
    let number = made.withLock { made in
      made += 1
      return made
    }
    let world = GuardsWorld(
      database: try await Fixture.shared.database(), application: "guards_app_\(number)")
    try await world.database.sql(
      """
      CREATE ROLE \(world.application) LOGIN;
      GRANT serial_application TO \(world.application);
      INSERT INTO users (username, password_hash) VALUES ('u', 'x')
      """)
    return world
  }

  /// With five targets and one job that the application inserted.
  static func furnished() async throws -> GuardsWorld {
    let world = try await make()
    try await world.sql(
      """
      INSERT INTO universal_targets (name, os_type) SELECT 't' || n, 'linux'
        FROM generate_series(1, 5) n;
      INSERT INTO jobs (name, created_by) VALUES ('first', 1)
      """)
    return world
  }

  func connect() async throws -> Connection {
    try await database.connect(as: application, limits: Self.patient)
  }

  /// Runs SQL as the application, each statement a transaction of its own no more than psql makes it.
  @discardableResult
  func sql(_ text: String) async throws -> String {
    try await database.server.sql(
      text, at: try database.server.uri(role: application, database: database.name))
  }

  /// Runs SQL as a node.
  @discardableResult
  func node(_ text: String, as node: String = "eu-1") async throws -> String {
    try await database.server.sql(
      text, at: try database.server.uri(role: node, database: database.name))
  }

  /// Registers a process of the node, which grants need.
  func register(as node: String = "eu-1") async throws {
    try await self.node("SELECT serial.register_boot('\(Self.boot)', 3600000)", as: node)
  }

  /// A grant of a node, as text: outcome, first and last number.
  func acquire(_ kind: String, needed: Int = 1) async throws -> String {
    try await node(Self.acquiring(kind, needed: needed))
  }

  static func acquiring(_ kind: String, needed: Int, ttl: Int = 3_600_000) -> String {
    """
    SELECT outcome, first, last FROM serial.acquire_blocks('\(boot)', '\(kind)', NULL, \(needed),
      \(needed), \(ttl), ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], false, false) LIMIT 1
    """
  }

  /// Everything agrees with everything, and every counter adds up.
  func expectBalanced(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let found = try await database.sql("SELECT * FROM serial.verify()")
    #expect(found == "", sourceLocation: sourceLocation)
    let unissued = try await database.sql(
      """
      SELECT r FROM (
        SELECT 'job' AS kind, job_serial AS r FROM jobs
        UNION ALL SELECT 'target', target_serial FROM universal_targets) s
        CROSS JOIN LATERAL serial.locate_number(s.kind, substr(r, 2, 4)::integer,
          substr(r, 6)::integer) l
      WHERE l.state <> 'issued' OR l.subject IS NULL
      """)
    #expect(unissued == "", "records without an issued number", sourceLocation: sourceLocation)
  }

  /// Issued, leased, free of the running year's counter.
  func ledger(_ kind: String) async throws -> String {
    try await database.sql(
      """
      SELECT issued, leased, free FROM serial.ledger
        WHERE kind = '\(kind)' AND year = serial.running_year()
      """)
  }

  /// Expects that a statement of the connection is refused with this SQLSTATE.
  func expectRefused(
    _ sql: String, _ sqlState: String, on connection: Connection, naming text: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    do {
      _ = try await connection.simpleScript(sql)
      Issue.record("accepted: \(sql)", sourceLocation: sourceLocation)
    } catch {
      #expect(error.sqlState == sqlState, "\(sql): \(error)", sourceLocation: sourceLocation)
      #expect(
        text.isEmpty || error.message.contains(text), "\(sql): \(error.message)",
        sourceLocation: sourceLocation)
    }
  }

  /// Runs a body on so many connections of the application at once, and closes them.
  func together(
    _ count: Int, _ body: @escaping @Sendable (Int, Connection) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<count {
        group.addTask {
          let connection = try await connect()
          try await body(index, connection)
          await connection.close()
        }
      }
      try await group.waitForAll()
    }
  }

  /// No transaction of this database was ever chosen as the victim of a deadlock.
  func expectNoDeadlock() async throws {
    let deadlocks = try await database.sql(
      "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    #expect(deadlocks == "0")
  }
}

/// The only column of the only row.
func value(_ sql: String, on connection: Connection) async throws -> String? {
  let rows = try await connection.simpleScript(sql).rows
  guard let row = rows.first, let column = row.columns.first else { return nil }
  return try row.text(column)
}
