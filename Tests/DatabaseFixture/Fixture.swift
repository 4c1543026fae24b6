import Coordinator
public import LibPQ
public import LocalCluster
public import Logging

/// One PostgreSQL over TLS for all tests of a process; each test gets a database of its own, made
/// from a template that was migrated once.
public actor Fixture {
  public static let shared = Fixture()
  public static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

  private var starting: Task<EphemeralPostgres, any Error>?
  private var databases = 0

  public func server() async throws -> EphemeralPostgres {
    if let starting { return try await starting.value }
    let task = Task { try await Self.prepare() }
    starting = task
    return try await task.value
  }

  private static func prepare() async throws -> EphemeralPostgres {
    let server = try await EphemeralPostgres.start(maxConnections: 300)
    _ = try await server.sql("CREATE DATABASE serial_template")
    let admin = try await connect(server, role: "postgres", "serial_template", limits: .migration)
    _ = try await Migrator(connection: admin).run()
    for (node, region) in [("eu-1", "eu"), ("eu-2", "eu"), ("us-1", "us")] {
      _ = try await Enrollment.enroll(node: node, region: region, on: admin)
    }
    await admin.close()
    return server
  }

  /// A new database with the schema and the three nodes.
  public func database() async throws -> Database {
    let server = try await server()
    databases += 1
    let name = "serial_\(databases)"
    _ = try await server.sql("CREATE DATABASE \(name) TEMPLATE serial_template")
    return Database(server: server, name: name)
  }

  /// A new database without anything in it.
  public func emptyDatabase() async throws -> Database {
    let server = try await server()
    databases += 1
    let name = "empty_\(databases)"
    _ = try await server.sql("CREATE DATABASE \(name)")
    return Database(server: server, name: name)
  }

  public static func connect(
    _ server: EphemeralPostgres, role: String, _ database: String,
    limits: SessionLimits = .standard
  ) async throws -> Connection {
    let uri = try server.uri(role: role, database: database)
    return try await Connection.connect(
      try ConnectionOptions(parsing: uri.description), limits: limits, logger: logger)
  }
}

public struct Database: Sendable {
  public let server: EphemeralPostgres
  public let name: String

  public func connect(as role: String, limits: SessionLimits = .standard) async throws -> Connection
  {
    try await Fixture.connect(server, role: role, name, limits: limits)
  }

  /// Runs SQL as the superuser.
  @discardableResult
  public func sql(_ text: String) async throws -> String {
    try await server.sql(text, at: try server.uri(role: "postgres", database: name))
  }

  /// Runs a body with a pool of a node's connections, and ends the pool with it.
  public func withPool<Value: Sendable>(
    as role: String, size: Int = 4, _ body: @Sendable (ConnectionPool) async throws -> Value
  ) async throws -> Value {
    let uri = try server.uri(role: role, database: name)
    let pool = ConnectionPool(
      options: try ConnectionOptions(parsing: uri.description),
      configuration: ConnectionPool.Configuration(size: size), logger: Fixture.logger)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await pool.run() }
      let value = try await body(pool)
      group.cancelAll()
      return value
    }
  }
}
