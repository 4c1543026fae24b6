import ChaosHistory
import Foundation
import LibPQ

extension Sampler {
  /// Every number that the ledger has as issued or void, with its last recipient. Numbers that a record
  /// carries are no gaps; their lines are the issue log's.
  static let lines = Statement(
    name: "final_lines",
    sql: """
      SELECT lower(g.numbers) AS first, upper(g.numbers) - 1 AS last, g.state, g.node, g.subject
        FROM serial.counter_gaps($1::text, $2::integer, 0, 200000) g WHERE g.state <> 'leased'
      UNION ALL
      SELECT lower(r), upper(r) - 1, 'issued', i.node, i.subject
        FROM serial.issue_log i,
          unnest(int4multirange(i.numbers) * serial.recorded_numbers($1::text, $2::integer)) AS r
        WHERE i.kind = $1::text AND i.year = $2::integer AND NOT i.again
      ORDER BY 1
      """, parameterCount: 2)

  static let disagreements = Statement(
    name: "final_verify", sql: "SELECT to_json(v)::text AS found FROM serial.verify() v",
    parameterCount: 0)

  /// Writes what the coordinator has at the end.
  ///
  /// - Throws: when it does not answer.
  public func writeFinal() async throws {
    let samples = try await read()
    let connection = try await connect()
    defer { connection.interrupt() }
    for sample in samples {
      let rows = try await connection.execute(
        Self.lines,
        [.text(sample.counter.kind), .int(sample.counter.year)]
      ).rows
      let lines = try rows.map { row in
        FinalCounter.Line(
          first: try row.decode("first"), last: try row.decode("last"),
          state: try row.decode("state"), node: try row.text("node"),
          subject: try row.text("subject"))
      }
      writer.add(.final(FinalCounter(counter: sample.counter, ledger: sample, lines: lines)))
    }
    let found = try await connection.execute(Self.disagreements).rows
    writer.add(.disagreements(try found.map { try $0.text("found") ?? "" }))
  }
}
