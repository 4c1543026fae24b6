import ChaosCluster
import ChaosHistory
import ChaosLoad
import NIOHTTP1
import SeededRandom

extension Scenario {
  private static let patient: LoadOptions = {
    var load = LoadOptions()
    load.clients = 24
    return load
  }()

  /// A job is executed until it is full, on all nodes at once, while nodes are killed.
  static let capacity9999Executions = Scenario(
    "capacity-9999-executions",
    "A job takes 9,999 executions, numbered without a gap by three nodes that are killed meanwhile, and refuses the next by name.",
    load: patient
  ) { stage in
    let setup = try await stage.load.client("setup")
    let job = try await setup.create(.jobs, 1, at: stage.load.nodes[0])[0]
    let targets = try await setup.create(.targets, 1, at: stage.load.nodes[0])
    let goal = stage.isShort ? 300 : 9_999
    let count = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<stage.clients.clients {
        let client = try await stage.load.client("client-\(index)")
        let home = stage.load.nodes[index % stage.load.nodes.count]
        group.addTask {
          try await executeUntilFull(job, on: targets, client, home, goal: goal, count)
        }
      }
      for name in ["us-1", "eu-1", "eu-2"] {
        let before = count.value
        try await stage.expect("executions are made", within: 120) {
          count.value >= min(before + goal / 5, goal) || count.isFull
        }
        try await stage.kill(name)
      }
      try await group.waitForAll()
    }
    guard !stage.isShort else { return }
    try await expectFull(job, on: targets, setup, stage)
  }

  private static func executeUntilFull(
    _ job: String, on targets: [String], _ client: LoadClient, _ home: NodeAddress, goal: Int,
    _ count: Counter
  ) async throws {
    while !count.isFull {
      switch await client.execute(job, on: targets, at: home) {
      case .ok: if count.add() >= goal, goal < 9_999 { count.fill() }
      case .failed("capacity-exhausted"): count.fill()
      case .failed, .unknown: try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  private static func expectFull(
    _ job: String, on targets: [String], _ client: LoadClient, _ stage: Stage
  ) async throws {
    let serials = try await stage.cluster.sql(
      """
      SELECT count(*) || ' ' || count(DISTINCT e.execution_serial) || ' '
          || min(e.execution_serial) || ' ' || max(e.execution_serial)
        FROM job_executions e JOIN jobs j ON j.id = e.job_id WHERE j.job_serial = '\(job)'
      """)
    stage.demand(
      "the job has the executions 0001 to 9999, each once",
      serials == "9999 9999 \(job).0001 \(job).9999", seen: serials)
    for node in stage.load.nodes {
      let answer = try await client.send(
        .POST, "/api/jobs/\(job)/execute", body: body(targets), at: node)
      expectExhausted(answer, parent: job, at: node, stage)
    }
  }

  /// Executions with every target there may be, in one statement each, from all nodes at once.
  static let capacity9999Branches = Scenario(
    "capacity-9999-branches",
    "An execution takes 9,999 branches at once or none, also when its node is killed, and refuses 10,000.",
    load: patient
  ) { stage in
    let setup = try await stage.load.client("setup", patienceSeconds: 60)
    let nodes = stage.load.nodes
    let job = try await setup.create(.jobs, 1, at: nodes[0])[0]
    var targets: [String] = []
    for batch in 0..<10 {
      targets += try await setup.create(.targets, 1_000, at: nodes[batch % nodes.count])
    }
    let most = Array(targets.prefix(9_999))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, node) in (nodes + nodes).enumerated() {
        let client = try await stage.load.client("client-\(index)", patienceSeconds: 60)
        group.addTask {
          for turn in 0..<2 {
            let key = "\(client.name)-\(turn)"
            var outcome = await client.execute(job, on: most, key: key, at: node)
            for attempt in 1...60 where !isOK(outcome) {
              try await Task.sleep(for: .milliseconds(250))
              let other = nodes[(index + attempt) % nodes.count]
              outcome = await client.execute(job, on: most, key: key, at: other)
            }
          }
        }
      }
      for name in ["eu-1", "us-1"] {
        try await Task.sleep(for: .seconds(1))
        try await stage.kill(name)
      }
      try await group.waitForAll()
    }
    try await expectWhole(job, setup, stage)
    for node in nodes {
      let answer = try await setup.send(
        .POST, "/api/jobs/\(job)/execute", body: body(targets), at: node)
      expectExhausted(answer, parent: nil, at: node, stage)
    }
  }

  /// Each execution has all of its branches, numbered from 1 in the order of the targets.
  private static func expectWhole(_ job: String, _ client: LoadClient, _ stage: Stage) async throws
  {
    let rows = try await stage.cluster.sql(
      """
      SELECT e.execution_serial, count(b.id), count(DISTINCT b.branch_serial),
          min(b.branch_serial), max(b.branch_serial)
        FROM job_executions e JOIN jobs j ON j.id = e.job_id
          LEFT JOIN job_execution_branches b ON b.job_execution_id = e.id
        WHERE j.job_serial = '\(job)' GROUP BY 1 ORDER BY 1
      """)
    let executions = rows.split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
    let wrong = executions.filter { row in
      row != [row[0], "9999", "9999", "\(row[0]).0001", "\(row[0]).9999"]
    }
    stage.demand(
      "there are twelve executions, one for each key, each with the branches 0001 to 9999",
      wrong.isEmpty && executions.count == 12,
      seen: wrong.isEmpty ? "\(executions.count) executions" : "\(wrong)")
    for row in executions.prefix(3) {
      let serials = try await client.branches(of: row[0], at: stage.load.nodes[0])
      stage.demand(
        "\(row[0]) lists them in order", serials == serials.sorted() && serials.count == 9_999,
        seen: "\(serials.count) branches")
    }
  }

  private static func isOK(_ outcome: Outcome) -> Bool {
    if case .ok = outcome { return true }
    return false
  }
}
