import ChaosCluster
import ChaosLoad
import LocalCluster
import SeededRandom

extension Scenario {
  /// What a process held that died, or that its coordinator does not hear, is free after its time to
  /// live, and other nodes issue it.
  static let leaseExpiry = Scenario(
    "lease-expiry",
    "What a node held that died or was cut off comes back by its time to live, and is issued by others."
  ) { stage in
    try await stage.load.run(stage.clients) {
      try await stage.letPass(stage.isShort ? 60 : 300)
      let names = stage.isShort ? ["us-1"] : stage.cluster.nodes.map(\.name)
      for name in names {
        let node = try stage.cluster.node(name)
        try await stage.expectLeases(of: name)
        try await stage.fault("kill", on: name, "SIGKILL, and dead until its leases have expired") {
          try await node.process.kill()
          try await stage.expectNoLeases(of: name)
          try await stage.letPass(stage.isShort ? 40 : 200)
          try await node.process.start()
          try await node.process.waitUntilReady()
        }
        if stage.isShort { continue }
        try await stage.expectLeases(of: name)
        try await stage.fault("partition", on: name, "cut off until its leases have expired") {
          try await node.partition {
            try await stage.expectNoLeases(of: name)
            try await stage.letPass(200)
          }
        }
      }
      try await stage.expectAllToServe()
    }
  }

  /// A process that stood still while its leases expired wakes up and believes that it holds them.
  static let zombieNode = Scenario(
    "zombie-node",
    "A process that was stopped beyond expiry wakes up while others issue what it held: it is fenced."
  ) { stage in
    try await stage.load.run(stage.clients) {
      try await stage.letPass(stage.isShort ? 60 : 300)
      for name in stage.isShort ? ["eu-1"] : ["eu-1", "us-1", "eu-2"] {
        let node = try stage.cluster.node(name)
        try await stage.expectLeases(of: name)
        try await stage.fault("pause", on: name, "SIGSTOP until its leases have expired, SIGCONT") {
          try await node.process.pause()
          try await stage.expectNoLeases(of: name)
          try await stage.letPass(stage.isShort ? 40 : 200)
          try await node.process.resume()
          try await node.process.waitUntilReady()
        }
        try await stage.letPass(20, at: name)
      }
      if !stage.isShort { try await allAtOnce(stage) }
      try await stage.expectAllToServe()
    }
  }

  /// Nobody is left who could take anything over; then all wake up together.
  private static func allAtOnce(_ stage: Stage) async throws {
    try await stage.fault("pause", on: "all nodes", "SIGSTOP for two times to live, SIGCONT") {
      for node in stage.cluster.nodes { try await node.process.pause() }
      try await Task.sleep(for: .milliseconds(2 * stage.cluster.options.leaseMilliseconds))
      for node in stage.cluster.nodes { try await node.process.resume() }
    }
  }

  /// Kills without a pause, of one node or of several.
  static let killStorm = Scenario(
    "kill-storm",
    "Nodes are killed again and again, alone and together; only requests in flight cost numbers."
  ) { stage in
    var random = SeededGenerator(seed: stage.seed)
    try await stage.load.run(stage.clients) {
      try await stage.letPass(100)
      for _ in 0..<16 {
        let names = stage.cluster.nodes.map(\.name).shuffled(using: &random)
          .prefix(Int.random(in: 1...3, using: &random))
        let pause = Duration.milliseconds(Int.random(in: 0...1_500, using: &random))
        try await withThrowingTaskGroup(of: Void.self) { group in
          for name in names { group.addTask { try await stage.kill(name, deadFor: pause) } }
          try await group.waitForAll()
        }
        try await Task.sleep(for: .milliseconds(Int.random(in: 200...1_500, using: &random)))
      }
      try await stage.expectAllToServe()
    }
  }
}
