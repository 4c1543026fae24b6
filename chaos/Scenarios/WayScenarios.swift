import ChaosCluster
import ChaosLoad
import FaultProxy
import LocalCluster
import SeededRandom

extension Scenario {
  /// Every way in which a network fails between a node and its coordinator.
  static let partition = Scenario(
    "partition",
    "The way to the coordinator is cut, half open, swallowed, slow, narrow, or ends in the middle of a reply."
  ) { stage in
    let lease = Duration.milliseconds(stage.cluster.options.leaseMilliseconds)
    try await stage.load.run(stage.clients) {
      try await stage.letPass(200)
      for (name, way) in [("eu-1", PartitionWay.both), ("us-1", .answers), ("eu-2", .requests)] {
        let node = try stage.cluster.node(name)
        let means = PartitionMeans.best == .packets ? "packets dropped" : "by the proxy"
        try await stage.fault("partition", on: name, "\(means), \(way.rawValue), two times to live")
        {
          try await node.partition(way) { try await Task.sleep(for: lease * 2) }
        }
        try await stage.letPass(20, at: name)
      }
      try await stage.fault("partition", on: "all nodes", "nobody reaches the coordinator") {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for node in stage.cluster.nodes {
            group.addTask { try await node.partition { try await Task.sleep(for: lease * 1.5) } }
          }
          try await group.waitForAll()
        }
      }
      try await stage.expectAllToServe()
      try await bytes(stage)
      try await slowness(stage)
      try await stage.expectAllToServe()
    }
  }

  /// Connections that end at a byte, before it or after it, and ways that take without giving.
  private static func bytes(_ stage: Stage) async throws {
    var random = SeededGenerator(seed: stage.seed)
    for round in 0..<24 {
      let node = stage.cluster.nodes[round % stage.cluster.nodes.count]
      let direction = Direction.allCases.randomElement(using: &random) ?? .toClient
      let cut = ByteCut(
        Bool.random(using: &random) ? .before : .after,
        byte: Int.random(in: 1...600, using: &random), of: direction,
        ending: Bool.random(using: &random) ? .reset : .finish)
      try await stage.fault(
        "cut", on: node.name,
        "\(cut.edge.rawValue) byte \(cut.byte) \(direction.rawValue), \(cut.ending.rawValue)"
      ) {
        let armed = await node.proxy.arm(cut)
        _ = await armed.fired()
        try await stage.letPass(10, at: node.name)
      }
    }
    for node in stage.cluster.nodes {
      try await stage.fault("black-hole", on: node.name, "takes everything, answers nothing") {
        await node.proxy.swallow(true)
        try await Task.sleep(for: .seconds(3))
        await node.proxy.swallow(false)
      }
    }
  }

  private static func slowness(_ stage: Stage) async throws {
    for node in stage.cluster.nodes {
      try await stage.fault("slow", on: node.name, "300 ms each way, with 150 ms of jitter") {
        await node.slow(by: 300)
        try await Task.sleep(for: .seconds(4))
        await node.slow(by: 0)
      }
      try await stage.fault("narrow", on: node.name, "4,000 bytes a second") {
        await node.slow(by: 0, bytesPerSecond: 4_000)
        try await Task.sleep(for: .seconds(4))
        try await node.restoreWay()
      }
    }
  }
}
