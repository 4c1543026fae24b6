public import ChaosCluster
public import ChaosHistory
import ChaosLoad
import Foundation
import LocalCluster

/// Runs a scenario from an empty cluster to the last entry of its history.
public struct ScenarioRun: Sendable {
  public let scenario: Scenario
  public var seed: UInt64 = 1
  public var flaw: Flaw?
  public var isShort = false
  /// Where the history, logs and journals go.
  public let folder: String
  /// Where `seriald` was built.
  public let programs: String
  public let version: String
  /// What people see of a run while it runs.
  public var say: @Sendable (String) -> Void = { _ in }

  public init(scenario: Scenario, folder: String, programs: String, version: String) {
    self.scenario = scenario
    self.folder = folder
    self.programs = programs
    self.version = version
  }

  public var historyFile: String { "\(folder)/history.jsonl" }

  /// - Throws: when the cluster cannot be started, or the history not be written. That a scenario does
  ///   not come to its end is in the history.
  public func play() async throws -> History {
    if let obstacle = scenario.obstacle() {
      throw LocalClusterError(.conflict, "\(scenario.name) cannot run here: \(obstacle)")
    }
    var options = scenario.options
    options.flaw = flaw
    let writer = try HistoryWriter(run: facts(options), path: historyFile)
    var failure: String?
    if options.place != nil { try await SmallDisk.mount() }
    do {
      try await ChaosCluster.run(options, folder: folder, programs: programs) { cluster in
        try await play(on: cluster, writer)
      }
    } catch {
      failure = "\(error)"
    }
    if options.place != nil { try await SmallDisk.unmount() }
    writer.add(.end(RunEnd(at: writer.now, failure: failure)))
    return try writer.close()
  }

  private func play(on cluster: ChaosCluster, _ writer: HistoryWriter) async throws {
    let addresses = cluster.nodes.map { NodeAddress(name: $0.name, url: $0.url) }
    var clients = scenario.load
    clients.seed = seed
    let sampler = Sampler(cluster: cluster, writer: writer)
    try await Load.run(nodes: addresses, secret: ChaosCluster.secret, writer: writer) { load in
      let stage = Stage(
        cluster: cluster, load: load, writer: writer, clients: clients, seed: seed,
        isShort: isShort, say: say)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await sampler.run() }
        try await scenario.play(stage)
        try await stage.giveBack()
        group.cancelAll()
      }
      try await sampler.writeFinal()
    }
  }

  private func facts(_ options: ClusterOptions) -> Run {
    let name = scenario.name
    let flags =
      (seed == 1 ? "" : " --seed \(seed)") + (flaw.map { " --flaw \($0.rawValue)" } ?? "")
      + (isShort ? " --short" : "")
    return Run(
      scenario: name, purpose: scenario.purpose, seed: seed,
      startedAt: Date().timeIntervalSince1970, nodes: options.nodes,
      clients: scenario.load.clients, flaw: flaw?.rawValue, version: version,
      commands: [
        "make chaos SCENARIO=\(name)" + (flags.isEmpty ? "" : " ARGS='\(flags.dropFirst())'"),
        ".build/release/chaos check \(historyFile)",
      ])
  }
}

extension Stage {
  /// Ends the nodes in order: what they held comes back, whatever was done to them.
  func giveBack() async throws {
    for node in cluster.nodes {
      let ended = try await node.process.stop(limit: .seconds(30))
      demand(
        "\(node.name) ends in order", ended == .stopped, seen: ended.rawValue)
    }
    try await expect("nothing is leased once all nodes ended") {
      try await cluster.sql("SELECT coalesce(sum(leased), 0) FROM serial.ledger") == "0"
    }
  }
}
