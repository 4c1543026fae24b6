import ChaosCluster
import ChaosHistory
import ChaosLoad
import FaultProxy
import LocalCluster
import SeededRandom

extension Scenario {
  /// Every fault at once, by chance from the seed: each node has its own, and so has the coordinator.
  static let everything = Scenario(
    "everything",
    "All faults at once, on one, some and all nodes and on the coordinator, with commit-ahead and a standby.",
    options: {
      var options = ClusterOptions()
      options.hasStandby = true
      options.movesClocks = true
      options.commitAhead = 10
      return options
    }()
  ) { stage in
    let end = stage.writer.now + 75_000_000
    try await stage.load.run(stage.clients) {
      try await stage.letPass(100)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, node) in stage.cluster.nodes.enumerated() {
          group.addTask {
            try await torment(node, seed: stage.seed &+ UInt64(index), until: end, stage)
          }
        }
        group.addTask { try await tormentCoordinator(seed: stage.seed &+ 99, until: end, stage) }
        try await group.waitForAll()
      }
      for node in stage.cluster.nodes {
        try await node.restoreWay()
        try node.clock?.move(to: 0)
        try await node.process.waitUntilReady()
      }
      try await stage.expectAllToServe(within: 90)
      try await stage.letPass(200)
    }
  }

  private enum NodeFault: CaseIterable {
    case kill, pause, partition, oneWay, cut, hole, slow, narrow, clock, limit
  }

  private static func torment(
    _ node: ClusterNode, seed: UInt64, until end: Int, _ stage: Stage
  ) async throws {
    var random = SeededGenerator(seed: seed)
    while stage.writer.now < end {
      let length = Duration.milliseconds(Int.random(in: 300...7_000, using: &random))
      let fault = NodeFault.allCases.randomElement(using: &random) ?? .kill
      let offset = Double(Int.random(in: -100_000...100_000, using: &random))
      let cut = ByteCut(
        Bool.random(using: &random) ? .before : .after,
        byte: Int.random(in: 1...600, using: &random),
        of: Bool.random(using: &random) ? .toClient : .toUpstream)
      try await apply(fault, to: node, for: length, cut: cut, offset: offset, stage)
      try await Task.sleep(for: .milliseconds(Int.random(in: 100...2_500, using: &random)))
    }
  }

  private static func apply(
    _ fault: NodeFault, to node: ClusterNode, for length: Duration, cut: ByteCut, offset: Double,
    _ stage: Stage
  ) async throws {
    let name = node.name
    func wait() async throws { try await Task.sleep(for: length) }
    switch fault {
    case .kill: try await stage.kill(name, deadFor: length / 3)
    case .pause:
      try await stage.fault("pause", on: name, "SIGSTOP, SIGCONT") {
        try await node.process.pause()
        try await wait()
        try await node.process.resume()
      }
    case .partition:
      try await stage.fault("partition", on: name, "both ways") {
        try await node.partition { try await wait() }
      }
    case .oneWay:
      try await stage.fault("partition", on: name, "answers") {
        try await node.partition(.answers) { try await wait() }
      }
    case .cut:
      try await stage.fault(
        "cut", on: name, "\(cut.edge.rawValue) byte \(cut.byte) \(cut.direction.rawValue)"
      ) {
        await node.proxy.arm(cut)
        try await wait()
        await node.proxy.disarm()
      }
    case .hole:
      try await stage.fault("black-hole", on: name, "takes everything, answers nothing") {
        await node.proxy.swallow(true)
        try await wait()
        await node.proxy.swallow(false)
      }
    case .slow:
      try await stage.fault("slow", on: name, "200 ms each way") {
        await node.slow(by: 200)
        try await wait()
        await node.slow(by: 0)
      }
    case .narrow:
      try await stage.fault("narrow", on: name, "6,000 bytes a second") {
        await node.slow(by: 0, bytesPerSecond: 6_000)
        try await wait()
        await node.slow(by: 0)
      }
    case .clock:
      try await stage.fault("clock-jump", on: name, "set by \(Int(offset)) s, and back") {
        try node.clock?.move(to: offset)
        try await wait()
        try node.clock?.move(to: 0)
      }
    case .limit: try await deprive(node, for: length, stage)
    }
  }

  private static func deprive(_ node: ClusterNode, for length: Duration, _ stage: Stage)
    async throws
  {
    try await stage.fault("connection-limit", on: node.name, "one session at most") {
      await stage.attempt("limit") { try await limit([node.name], to: 1, stage) }
      try await Task.sleep(for: length)
      try await stage.expect("the limit of \(node.name) is lifted", within: 60) {
        try await limit([node.name], to: -1, stage)
        return true
      }
    }
  }

  private static func tormentCoordinator(seed: UInt64, until end: Int, _ stage: Stage) async throws
  {
    var random = SeededGenerator(seed: seed)
    let server = stage.cluster.postgres.server
    while stage.writer.now < end {
      try await Task.sleep(for: .milliseconds(Int.random(in: 2_000...7_000, using: &random)))
      let length = Duration.milliseconds(Int.random(in: 200...3_000, using: &random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        try await stage.fault("coordinator-stop", on: "coordinator", "at once, and started again") {
          try await server.stop(.immediate)
          try await Task.sleep(for: length)
          try await server.start()
        }
      case 1:
        try await stage.fault("coordinator-kill", on: "coordinator", "kill -9 of the postmaster") {
          try await server.crash()
          try await server.start()
        }
      case 2:
        try await stage.fault("cancelled-wait", on: "standby", "stopped; what waits is cancelled") {
          try await stage.cluster.standby?.server.stop(.immediate)
          for _ in 0..<8 {
            await stage.attempt("cancel") { try await cancelWaits(stage, by: "pg_cancel_backend") }
            try await Task.sleep(for: .milliseconds(200))
          }
          try await stage.cluster.standby?.server.start()
        }
      default:
        let jump = Double(Int.random(in: -600...600, using: &random))
        try await stage.fault("clock-jump", on: "coordinator", "set by \(Int(jump)) s, and back") {
          try stage.cluster.clock?.move(to: jump)
          try await Task.sleep(for: length)
          try stage.cluster.clock?.move(to: 0)
        }
      }
    }
  }
}
