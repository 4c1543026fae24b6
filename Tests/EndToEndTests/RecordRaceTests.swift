import Foundation
import LibPQ
import LocalCluster
import Logging
import NIOHTTP1
import Testing

/// Executions of one job from two sides at once: through the nodes, and by plain SQL.
@Suite(.serialized)
struct RecordRaceTests {
  static let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
  static let each = 4

  private func connect(_ cluster: TestCluster) async throws -> Connection {
    let uri = try cluster.postgres.uri(role: "enabledrm", database: "serial").description
    return try await Connection.connect(
      try ConnectionOptions(parsing: uri),
      limits: SessionLimits(statementTimeoutMilliseconds: 60_000, lockTimeoutMilliseconds: 60_000),
      logger: Self.logger)
  }

  @Test(.timeLimit(.minutes(10)))
  func fiftyConnectionsAndFiftyClientsNumberTheExecutionsOfOneJob() async throws {
    try await TestCluster.run { cluster in
      let records = Records(cluster)
      let job = try await records.createJob("Contended")
      let targets = try await records.createTargets(["web-1", "web-2"])
      _ = try await cluster.sql("CREATE ROLE enabledrm LOGIN IN ROLE serial_application")
      // The old backend knows nothing of serials, and its number is wrong as often as right.
      let insert = Statement(
        name: "insert_execution",
        sql: """
          INSERT INTO job_executions (job_id, execution_number, status)
          SELECT id, 1, 'scheduled' FROM jobs WHERE job_serial = $1
          """, parameterCount: 1)
      let start = ContinuousClock.now
      let acknowledged = try await withThrowingTaskGroup(of: Int.self) { group in
        for index in 0..<50 {
          group.addTask {
            let connection = try await connect(cluster)
            for _ in 0..<Self.each { _ = try await connection.execute(insert, [.text(job)]) }
            await connection.close()
            return Self.each
          }
          group.addTask {
            let name = TestCluster.names[index % TestCluster.names.count]
            let client = Records(cluster, node: name)
            for turn in 0..<Self.each {
              try await client.patiently { headers in
                try await client.client.send(
                  .POST, "/api/jobs/\(job)/execute",
                  body: Data(#"{"target_serials": ["\#(targets[0])", "\#(targets[1])"]}"#.utf8),
                  headers: headers)
              } key: {
                "race-\(index)-\(turn)"
              }
            }
            return Self.each
          }
        }
        return try await group.reduce(0, +)
      }
      let wanted = 100 * Self.each
      #expect(acknowledged == wanted)
      let numbers = try await cluster.sql(
        """
        SELECT count(*), count(DISTINCT execution_number), min(execution_number),
          max(execution_number), count(DISTINCT execution_serial), count(DISTINCT execution_uuid),
          bool_and(execution_serial = '\(job).' || lpad(execution_number::text, 4, '0'))
        FROM job_executions
        """)
      #expect(numbers == "\(wanted)|\(wanted)|1|\(wanted)|\(wanted)|\(wanted)|t")
      let branches = try await cluster.sql(
        "SELECT count(*), count(DISTINCT branch_serial) FROM job_execution_branches")
      #expect(branches == "\(wanted)|\(wanted)")
      print("\(wanted) executions of one job in \(start.duration(to: .now))")
    }
  }
}

extension Records {
  /// Repeats a request with one idempotency key until it is done, as a client does on 503.
  func patiently(
    _ send: ([String: String]) async throws -> Client.Answer, key: () -> String
  ) async throws {
    let headers = ["Idempotency-Key": key()]
    var last: Client.Answer?
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
      let answer = try await send(headers)
      if answer.status == 201 { return }
      try #require(answer.status == 503, "\(String(decoding: answer.body, as: UTF8.self))")
      last = answer
    }
    Issue.record("never done: \(String(decoding: last?.body ?? Data(), as: UTF8.self))")
  }
}
