import ChaosCluster
import ChaosHistory
import ChaosLoad
import LocalCluster

extension Scenario {
  /// A whole counter is used up, by all nodes together, while nodes are killed.
  static let capacity99999 = Scenario(
    "capacity-99999",
    "All 99,999 numbers of a counter are issued by three nodes, which are killed meanwhile, and not one more.",
    load: {
      var load = LoadOptions()
      load.clients = 48
      load.pauseMilliseconds = 0
      load.counts = 1...16
      load.targetsOneIn = 0
      load.keysOneIn = 10
      load.endsWhenExhausted = true
      return load
    }()
  ) { stage in
    let names = stage.cluster.nodes.map(\.name)
    try await stage.load.run(stage.clients) {
      var kills = 0
      while stage.load.finishedClients < stage.clients.clients {
        try await Task.sleep(for: .seconds(4))
        guard stage.load.finishedClients == 0 else { continue }
        try await stage.kill(names[kills % names.count])
        kills += 1
      }
    }
    try await expectUsedUp(stage)
  }

  /// Nothing is free or leased, and every node says so.
  static func expectUsedUp(_ stage: Stage) async throws {
    try await stage.expect("every number of the counter is issued") {
      try await stage.cluster.sql(
        "SELECT issued, leased, free, void FROM serial.ledger WHERE kind = 'job'")
        == "99999|0|0|0"
    }
    let client = try await stage.load.client("client-last")
    for node in stage.load.nodes {
      let outcome = await client.draw(at: node)
      stage.demand(
        "\(node.name) answers capacity-exhausted", outcome == .failed("capacity-exhausted"),
        seen: "\(outcome)")
    }
  }

  /// The last ten numbers, one by one, from nodes in turn, and from a node while the holder is dead.
  static let lastNumber = Scenario(
    "last-number",
    "The last numbers of a year are issued by whichever node is asked, also while a dead node holds the very last."
  ) { stage in
    let client = try await stage.load.client("client-first")
    let nodes = stage.load.nodes
    var left = 99_999
    while left > 10 {
      let count = min(1_000, left - 10)
      let outcome = await client.draw(.jobs, count, at: nodes[left % nodes.count])
      if case .ok = outcome { left -= count }
    }
    for turn in 0..<9 {
      try await draws(one: nodes[turn % nodes.count], within: 10, client, stage)
    }
    let holder = try await holdTheLast(stage)
    try await stage.fault("kill", on: holder, "SIGKILL while it holds the last number") {
      try await stage.cluster.node(holder).process.kill()
      let other = nodes.first { $0.name != holder } ?? nodes[0]
      try await draws(
        one: other, within: Double(stage.cluster.options.leaseMilliseconds) / 1_000 + 5, client,
        stage)
      try await stage.cluster.node(holder).process.start()
      try await stage.cluster.node(holder).process.waitUntilReady()
    }
    try await expectUsedUp(stage)
  }

  /// Asks a node until it gives a number.
  private static func draws(
    one node: NodeAddress, within seconds: Double, _ client: LoadClient, _ stage: Stage
  ) async throws {
    try await stage.expect("\(node.name) gives one of the last numbers", within: seconds) {
      if case .ok = await client.draw(at: node) { return true }
      return false
    }
  }

  /// Puts the last free number into a lease of a node that has not issued it: what a prefetch does.
  private static func holdTheLast(_ stage: Stage) async throws -> String {
    let cluster = stage.cluster
    let name = "us-1"
    try await stage.expect("the last number is free") {
      try await cluster.sql("SELECT free FROM serial.ledger WHERE kind = 'job'") == "1"
    }
    let boot = try await cluster.sql(
      "SELECT boot_id FROM serial.boots WHERE node = '\(name)' AND ended_at IS NULL")
    let uri = try cluster.postgres.uri(role: name, database: ChaosCluster.database)
    try await cluster.postgres.sql(
      """
      SELECT serial.acquire_blocks('\(boot)', 'job', NULL, 1, 1,
        \(cluster.options.leaseMilliseconds), ARRAY[gen_random_uuid()],
        ARRAY[gen_random_uuid()], false, false)
      """, at: uri)
    return name
  }
}
