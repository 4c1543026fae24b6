import ArgumentParser
import LibPQ
import NIOCore

/// Lookups and performance over a registry with ten million results.
struct TenMillionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ten-million",
    abstract: "Look up serials and the performance of targets among ten million results.",
    discussion: """
      Generates 200 jobs, 50 executions of each and one result for each of 1,000 targets in each \
      execution, spread over a year, on a private PostgreSQL; then asks a node over HTTP and the \
      database itself in turn, call by call.
      """)

  @Option(help: "How many executions of each of the 200 jobs, 1...9999; each has 1,000 results.")
  var executions = 50
  @Option(help: "How many calls of each kind.")
  var calls = 2_000

  private static let jobs = 200
  private static let targets = 1_000

  func validate() throws {
    guard (1...9_999).contains(executions), (10...1_000_000).contains(calls) else {
      throw ValidationError("executions must be within 1...9999 and calls within 10...1000000")
    }
  }

  func run() async throws {
    let cluster = try await BenchCluster.make()
    do {
      try await generate(cluster)
      try await cluster.startNode()
      try await measure(cluster)
    } catch {
      try await cluster.end()
      throw error
    }
    try await cluster.end()
  }

  private func generate(_ cluster: BenchCluster) async throws {
    let all = Self.jobs * executions
    var progress = ProgressLine("results", total: all * Self.targets)
    try await cluster.sql(fill(PackageResources.prepare_records_sql, [:]))
    let step = 100
    for first in stride(from: 1, through: all, by: step) {
      let last = min(first + step - 1, all)
      try await cluster.sql(
        fill(PackageResources.add_branches_sql, ["first": first, "last": last]))
      progress.report(last * Self.targets)
    }
    let start = ContinuousClock.now
    try await cluster.sql("SELECT serial.index_records()")
    print("indexes: \(Int(start.duration(to: .now) / .seconds(1))) s")
    try await cluster.sql("VACUUM (ANALYZE)")
    let sizes = try await cluster.sql(
      """
      SELECT pg_size_pretty(pg_table_size('public.job_execution_branches')) || ' of results, '
        || pg_size_pretty(pg_indexes_size('public.job_execution_branches')) || ' of their indexes'
      """)
    print("size: \(sizes)")
  }

  private func fill(_ sql: [UInt8], _ values: [String: Int]) -> String {
    let all = values.merging(
      ["targets": Self.targets, "jobs": Self.jobs, "executions": executions]
    ) { own, _ in own }
    return all.reduce(String(decoding: sql, as: UTF8.self)) {
      $0.replacing(":" + $1.key, with: String($1.value))
    }
  }

  /// Each call over HTTP is followed by the same question to the database alone.
  private func measure(_ cluster: BenchCluster) async throws {
    let connection = try await cluster.connect()
    var dice = SystemRandomNumberGenerator()
    for question in Question.all {
      var overHTTP = Timings()
      var bare = Timings()
      let count = max(10, calls / question.weight)
      for _ in 0..<count {
        let subject = Subject(
          job: Int.random(in: 1...Self.jobs, using: &dice),
          execution: Int.random(in: 1...executions, using: &dice),
          target: Int.random(in: 1...Self.targets, using: &dice))
        let body = try await overHTTP.measure { try await cluster.get(question.path(subject)) }
        guard body.readableBytes > 20 else { throw BenchFailure("\(question.name): no answer") }
        let rows = try await bare.measure {
          try await connection.execute(question.statement, question.parameters(subject)).rows.count
        }
        guard rows > 0 else { throw BenchFailure("\(question.name): no row") }
      }
      print("\(question.name)\n  node over HTTP  \(overHTTP.line)\n  bare SQL        \(bare.line)")
    }
    await connection.close()
  }
}
