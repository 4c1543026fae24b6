import Allocator
import Coordinator
import DatabaseFixture
import LeaseCore
import LibPQ
import LocalCluster
import SerialFormat
import Synchronization
import Testing

/// A PostgreSQL of its own, with nodes that a test starts and ends: for faults of the coordinator
/// itself.
final class FaultCluster: Sendable {
  static let database = "serial"

  let postgres: EphemeralPostgres
  /// What all nodes gave out.
  let book = IssueBook()
  private let nodes = Mutex<[FaultNode]>([])

  private init(postgres: EphemeralPostgres) { self.postgres = postgres }

  /// Runs a cluster for as long as `body` lasts.
  static func run(
    nodes: [String] = ["eu-1", "us-1"], _ body: (FaultCluster) async throws -> Void
  ) async throws {
    let postgres = try await EphemeralPostgres.start(
      maxConnections: 60, allowsReplication: true)
    let cluster = FaultCluster(postgres: postgres)
    let result: Result<Void, any Error>
    do {
      try await cluster.prepare(nodes)
      result = .success(try await body(cluster))
    } catch {
      result = .failure(error)
    }
    for node in cluster.nodes.withLock({ $0 }) { await node.stop() }
    try await postgres.remove()
    try result.get()
  }

  private func prepare(_ nodes: [String]) async throws {
    try await postgres.sql("CREATE DATABASE \(Self.database)")
    let admin = try await Fixture.connect(
      postgres, role: "postgres", Self.database, limits: .migration)
    _ = try await Migrator(connection: admin).run()
    for node in nodes {
      _ = try await Enrollment.enroll(
        node: node, region: String(node.prefix { $0 != "-" }), on: admin)
    }
    await admin.close()
  }

  /// A node's connection, to another port or to several hosts where a test says so.
  func uri(_ node: String, port: UInt16? = nil, standby: PostgresStandby? = nil) throws -> String {
    var uri = try postgres.uri(role: node, database: Self.database)
    if let port { uri.port = port }
    if let standby {
      uri.host = "localhost:\(uri.port),localhost"
      uri.port = standby.port
    }
    return uri.description
  }

  /// Starts a process of a node, with the journal that the node's earlier process left. It is ended
  /// with the cluster, unless the test ends it before.
  func start(
    _ name: String, at uri: String? = nil, options: FaultNode.Options = FaultNode.Options()
  ) async throws -> FaultNode {
    let node = try await FaultNode.start(
      name, at: try uri ?? self.uri(name), folder: "\(postgres.folder)/journal-\(name)",
      options: options, book: book)
    nodes.withLock { $0.append(node) }
    return node
  }

  /// Runs SQL as the superuser, on the server or on its standby.
  @discardableResult
  func sql(_ text: String, on standby: PostgresStandby? = nil) async throws -> String {
    var uri = try postgres.uri(database: Self.database)
    if let standby { uri.port = standby.port }
    return try await postgres.sql(text, at: uri)
  }

  /// Waits until a commit of a node waits for the standby, and gives its process id.
  func commitWaitingForStandby(of node: String) async throws -> String {
    var pid = ""
    try await until {
      pid = try await sql(
        """
        SELECT pid FROM pg_stat_activity WHERE usename = '\(node)' AND wait_event = 'SyncRep'
          AND query LIKE '%commit_numbers%' ORDER BY query_start LIMIT 1
        """)
      return !pid.isEmpty
    }
    return pid
  }

  /// What must hold at the end, on whichever server: each ledger balances, and everything agrees.
  func expectSound(_ node: FaultNode) async throws {
    for entry in try await node.reading.ledger() {
      #expect(entry.issued + entry.leased + entry.free + entry.void == entry.capacity)
    }
    #expect(try await node.reading.verify().isEmpty)
  }

  /// Job numbers that only a node's report shows to be issued. A process that gives a carved lease back
  /// makes it a released one, whose numbers nobody acknowledged.
  func provedIssued(_ node: FaultNode) async throws -> Set<Int> {
    let gaps = try await node.reading.gaps(
      GapQuery(kind: .job, year: nil, after: nil, limit: 1000))
    #expect(gaps.contains { $0.state == .carved })
    return Set(
      gaps.filter { $0.state == .carved || $0.state == .unacknowledged }.flatMap(\.block.numbers))
  }

  func issued(_ node: FaultNode) async throws -> Int {
    try await node.reading.ledger().reduce(0) { $0 + $1.issued }
  }

  func events(_ name: String, _ node: FaultNode) async throws -> [EventEntry] {
    try await node.reading.events(EventQuery(limit: 1000, event: name))
  }
}
