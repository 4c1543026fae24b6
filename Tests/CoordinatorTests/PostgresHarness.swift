import Allocator
import Coordinator
import CoordinatorConformance
import DatabaseFixture
import LeaseCore
import LibPQ
import SerialFormat
import Testing

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

  func recordNames(of counter: Counter) async throws -> [Int: String] {
    let (table, column) = place(of: counter.kind)
    let lines = try await database.sql(
      """
      SELECT substr(\(column), 6)::integer, name FROM public.\(table)
        WHERE substr(\(column), 2, 4) = '\(counter.year)'
      """)
    var names: [Int: String] = [:]
    for line in lines.split(separator: "\n") {
      let parts = line.split(separator: "|", maxSplits: 1)
      try #require(parts.count == 2)
      names[try #require(Int(parts[0]))] = String(parts[1])
    }
    return names
  }

  func insertRecord(_ name: String, number: Int, of counter: Counter) async throws {
    let (table, column) = place(of: counter.kind)
    let digits = String(number)
    let text = String(repeating: "0", count: 5 - digits.count) + digits
    let (more, value) = counter.kind == .job ? ("created_by", "1") : ("os_type", "'linux'")
    try await database.sql(
      """
      INSERT INTO public.\(table) (\(column), name, \(more))
        VALUES ('\(counter.kind == .job ? "J" : "T")\(counter.year)\(text)', '\(name)', \(value))
      """)
  }

  private func place(of kind: CounterKind) -> (table: String, column: String) {
    switch kind {
    case .job: ("jobs", "job_serial")
    case .target: ("universal_targets", "target_serial")
    }
  }

  func setRegistryReady(_ isReady: Bool) async throws {
    try await database.sql("UPDATE serial.registry SET state = '\(isReady ? "ready" : "legacy")'")
  }

  func expireLeases(of node: String) async throws {
    try await database.sql(
      "UPDATE serial.leases SET expires_at = clock_timestamp() WHERE node = '\(node)'")
  }
}
