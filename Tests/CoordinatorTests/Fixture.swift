import Allocator
import Coordinator
import CoordinatorConformance
import Foundation
import LeaseCore
import LibPQ
import LocalCluster
import Logging
import SerialFormat
import Testing

/// One PostgreSQL over TLS for all tests of this target; each test gets a database of its own, made
/// from a template that was migrated once.
actor Fixture {
  static let shared = Fixture()
  static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

  private var starting: Task<EphemeralPostgres, any Error>?
  private var databases = 0

  func server() async throws -> EphemeralPostgres {
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
  func database() async throws -> Database {
    let server = try await server()
    databases += 1
    let name = "serial_\(databases)"
    _ = try await server.sql("CREATE DATABASE \(name) TEMPLATE serial_template")
    return Database(server: server, name: name)
  }

  /// A new database without anything in it.
  func emptyDatabase() async throws -> Database {
    let server = try await server()
    databases += 1
    let name = "empty_\(databases)"
    _ = try await server.sql("CREATE DATABASE \(name)")
    return Database(server: server, name: name)
  }

  static func connect(
    _ server: EphemeralPostgres, role: String, _ database: String,
    limits: SessionLimits = .standard
  ) async throws -> Connection {
    let uri = try server.uri(role: role, database: database)
    return try await Connection.connect(
      try ConnectionOptions(parsing: uri.description), limits: limits, logger: logger)
  }
}

struct Database: Sendable {
  let server: EphemeralPostgres
  let name: String

  func connect(as role: String, limits: SessionLimits = .standard) async throws -> Connection {
    try await Fixture.connect(server, role: role, name, limits: limits)
  }

  /// Runs SQL as the superuser.
  @discardableResult
  func sql(_ text: String) async throws -> String {
    try await server.sql(text, at: try server.uri(role: "postgres", database: name))
  }

  /// Runs a body with a pool of a node's connections, and ends the pool with it.
  func withPool<Value: Sendable>(
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

struct NoPool: Error {}

/// PostgreSQL under the conformance suite.
struct PostgresHarness: CoordinatorHarness {
  let database: Database
  let pools: [String: ConnectionPool]

  /// Runs a body on an empty coordinator with a pool for each node.
  static func run(_ body: @Sendable (PostgresHarness) async throws -> Void) async throws {
    let database = try await Fixture.shared.database()
    try await database.withPool(as: "eu-1") { eu1 in
      try await database.withPool(as: "eu-2") { eu2 in
        try await database.withPool(as: "us-1") { us1 in
          try await body(
            PostgresHarness(database: database, pools: ["eu-1": eu1, "eu-2": eu2, "us-1": us1]))
        }
      }
    }
  }

  func session(node: String, identity: SessionIdentity) async throws -> any LeaseCoordinating {
    PostgresCoordinator(
      pool: try #require(pools[node]), identity: identity, callMilliseconds: 10_000)
  }

  var reading: any ClusterReading {
    get async throws {
      PostgresReading(pool: try #require(pools["us-1"]), callMilliseconds: 10_000)
    }
  }

  var operating: any ClusterOperating {
    get async throws {
      guard let pool = pools["us-1"] ?? pools.values.first else { throw NoPool() }
      return PostgresOperating(pool: pool, callMilliseconds: 10_000)
    }
  }

  func ageKeys(bySeconds seconds: Int) async throws {
    try await database.sql(
      "UPDATE serial.idempotency_keys SET created_at = created_at - interval '\(seconds) seconds'")
  }

  func expireLeases(of node: String) async throws {
    try await database.sql(
      "UPDATE serial.leases SET expires_at = clock_timestamp() WHERE node = '\(node)'")
  }
}
