import ChaosHistory
import FaultProxy
import Foundation
public import LocalCluster
import Synchronization

/// Real `seriald` processes, each behind a proxy of its own, on a real PostgreSQL over TLS. All of it
/// ends with the process that started it.
public final class ChaosCluster: Sendable {
  public static let database = "serial"
  public static let secret = "local-chaos-secret-of-more-than-32-bytes"

  public let options: ClusterOptions
  public let postgres: EphemeralPostgres
  public let nodes: [ClusterNode]
  /// The coordinator's clock, when clocks are moved in this run.
  public let clock: FakeClock?
  /// How far all clocks were moved at the start, in seconds.
  public let clockOffset: Double
  public let standby: PostgresStandby?
  /// Ports that are kept for nodes.
  private let ports: [FreePort]

  private init(
    options: ClusterOptions, postgres: EphemeralPostgres, nodes: [ClusterNode], clock: FakeClock?,
    clockOffset: Double, standby: PostgresStandby?, ports: [FreePort]
  ) {
    self.options = options
    self.postgres = postgres
    self.nodes = nodes
    self.clock = clock
    self.clockOffset = clockOffset
    self.standby = standby
    self.ports = ports
  }

  /// Runs a cluster whose nodes are ready for as long as `body` lasts.
  ///
  /// - Parameters:
  ///   - folder: where logs and journals go. It stays.
  ///   - programs: where `seriald` was built.
  public static func run<Value>(
    _ options: ClusterOptions, folder: String, programs: String,
    _ body: (ChaosCluster) async throws -> Value
  ) async throws -> Value {
    let offset = options.clockOffset()
    let clock =
      try options.movesClocks
      ? FakeClock(file: "\(folder)/coordinator.clock", offset: offset, programs: programs) : nil
    let postgres = try await EphemeralPostgres.start(
      maxConnections: options.maxConnections, allowsReplication: true,
      environment: clock?.serverEnvironment ?? [:], place: options.place)
    let opened = Opened(postgres: postgres)
    let result: Result<Value, any Error>
    do {
      let cluster = try await make(
        options, postgres: postgres, clock: clock, offset: offset, folder: folder,
        programs: programs, opened: opened)
      for node in cluster.nodes { try await node.process.start() }
      for node in cluster.nodes { try await node.process.waitUntilReady() }
      result = .success(try await body(cluster))
    } catch {
      result = .failure(error)
    }
    try await opened.close(keepingLogIn: folder)
    return try result.get()
  }

  private static func make(
    _ options: ClusterOptions, postgres: EphemeralPostgres, clock: FakeClock?, offset: Double,
    folder: String, programs: String, opened: Opened
  ) async throws -> ChaosCluster {
    try await postgres.sql("CREATE DATABASE \(database)")
    let admin = try postgres.uri(database: database)
    let seriald = "\(programs)/seriald"
    try await run(seriald, ["migrate"], admin)
    for node in options.nodes {
      try await run(seriald, ["enroll", node.name, "--region", node.region], admin)
    }
    if let flaw = options.flaw { try await postgres.sql(flaw.sql, at: admin) }
    let standby = options.hasStandby ? try await postgres.addStandby() : nil
    var nodes: [ClusterNode] = []
    var ports: [FreePort] = []
    for facts in options.nodes {
      let port = try FreePort()
      ports.append(port)
      let proxy = try await FaultProxy.start(to: postgres.port)
      opened.add(proxy)
      let clock =
        try options.movesClocks
        ? FakeClock(file: "\(folder)/\(facts.name).clock", offset: offset, programs: programs) : nil
      var uri = try postgres.uri(role: facts.name, database: database)
      uri.port = proxy.port
      var configuration = NodeConfiguration(
        name: facts.name, executable: seriald, port: port.number,
        environment: options.environment(facts, port: port.number, database: uri.description)
          .merging(clock?.environment ?? [:]) { $1 },
        logFile: "\(folder)/\(facts.name).log")
      configuration.endsWithUs = true
      let node = ClusterNode(
        facts: facts, process: NodeProcess(configuration: configuration), proxy: proxy,
        clock: clock, latency: options.latency[facts.region] ?? 0)
      opened.add(node.process)
      await node.slow(by: 0)
      nodes.append(node)
    }
    return ChaosCluster(
      options: options, postgres: postgres, nodes: nodes, clock: clock, clockOffset: offset,
      standby: standby, ports: ports)
  }

  private static func run(_ program: String, _ arguments: [String], _ uri: ConnectionURI)
    async throws
  {
    let result = try await Command.run(
      program, arguments, environment: ["SERIAL_DATABASE_URL": uri.description])
    guard result.succeeded else {
      throw LocalClusterError(
        .commandFailed, "seriald \(arguments[0]): \(result.errors)\(result.output)")
    }
  }

  /// - Throws: when there is no node of that name.
  public func node(_ name: String) throws -> ClusterNode {
    guard let node = nodes.first(where: { $0.name == name }) else {
      throw LocalClusterError(.conflict, "There is no node \(name) in this run.")
    }
    return node
  }

  /// What the superuser reads by SQL, on the way around the proxies.
  @discardableResult
  public func sql(_ text: String) async throws -> String {
    try await postgres.sql(text, at: try postgres.uri(database: Self.database))
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

/// What has to be ended, in whatever way a run ends.
private final class Opened: Sendable {
  private let postgres: EphemeralPostgres
  private let parts = Mutex<(proxies: [FaultProxy], nodes: [NodeProcess])>(([], []))

  init(postgres: EphemeralPostgres) { self.postgres = postgres }

  func add(_ proxy: FaultProxy) { parts.withLock { $0.proxies.append(proxy) } }

  func add(_ node: NodeProcess) { parts.withLock { $0.nodes.append(node) } }

  func close(keepingLogIn folder: String) async throws {
    let parts = parts.withLock { $0 }
    for node in parts.nodes { try await node.kill() }
    for proxy in parts.proxies { await proxy.stop() }
    try? FileManager.default.copyItem(
      atPath: "\(postgres.folder)/postgresql.log", toPath: "\(folder)/coordinator.log")
    try await postgres.remove()
  }
}

extension ClusterOptions {
  func environment(_ node: NodeFacts, port: UInt16, database: String) -> [String: String] {
    [
      "SERIAL_NODE_NAME": node.name, "SERIAL_NODE_REGION": node.region,
      "SERIAL_API_PORT": String(port), "SERIAL_AUTH_HS256_SECRET": ChaosCluster.secret,
      "SERIAL_DATABASE_URL": database, "SERIAL_DURABILITY": hasStandby ? "standby" : "single",
      "SERIAL_LEASE_MILLISECONDS": String(leaseMilliseconds),
      "SERIAL_LEASE_AHEAD_FLOOR": String(commitAhead),
      "SERIAL_DATABASE_STATEMENT_MILLISECONDS": String(leaseMilliseconds / 2),
      "SERIAL_DATABASE_LOCK_MILLISECONDS": String(leaseMilliseconds / 3),
      "SERIAL_REQUEST_MILLISECONDS": String(requestMilliseconds),
    ]
  }
}
