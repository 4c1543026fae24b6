public import ChaosHistory
import LibPQ
import LocalCluster
import Logging

/// Reads ledger and leases several times a second into the history, on a connection of its own past the
/// proxies. While the coordinator does not answer there are no samples.
public struct Sampler: Sendable {
  let cluster: ChaosCluster
  let writer: HistoryWriter

  public init(cluster: ChaosCluster, writer: HistoryWriter) {
    self.cluster = cluster
    self.writer = writer
  }

  /// All counters with their live leases: one statement, so one snapshot.
  static let statement = Statement(
    name: "sample",
    sql: """
      SELECT l.kind, l.year, l.capacity, l.issued, l.leased, l.free, l.void,
        extract(epoch FROM clock_timestamp()) AS clock,
        (SELECT coalesce(string_agg(x.node || ' ' || x.first || ' ' || x.last || ' '
            || x.committed_through, ',' ORDER BY x.first), '')
          FROM serial.leases x
          WHERE x.kind = l.kind AND x.year = l.year AND x.state = 'live') AS holdings
      FROM serial.ledger l ORDER BY l.kind, l.year
      """, parameterCount: 0)

  /// Until it is cancelled.
  public func run() async {
    var connection: Connection?
    while !Task.isCancelled {
      do {
        if connection == nil { connection = try await connect() }
        if let rows = try await connection?.execute(Self.statement).rows {
          for row in rows { try add(row) }
        }
        try await Task.sleep(for: .milliseconds(200))
      } catch {
        // it is away, as a fault has it; a sample that is not there is not in the history
        await connection?.close()
        connection = nil
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
    await connection?.close()
  }

  /// The sample now.
  ///
  /// - Throws: when the coordinator does not answer.
  func read() async throws -> [LedgerSample] {
    let connection = try await connect()
    defer { connection.interrupt() }
    return try await connection.execute(Self.statement).rows.map { try ledger($0) }
  }

  func connect() async throws -> Connection {
    let uri = try cluster.postgres.uri(database: ChaosCluster.database).description
    return try await Connection.connect(
      try ConnectionOptions(parsing: uri),
      logger: Logger(label: "chaos") { _ in
        SwiftLogNoOpLogHandler()
      })
  }

  private func add(_ row: Row) throws {
    let sample = try ledger(row)
    writer.add(.ledger(sample))
    let holdings = try (row.text("holdings") ?? "").split(separator: ",").map { text in
      let words = text.split(separator: " ")
      let numbers = words.dropFirst().compactMap { Int($0) }
      guard numbers.count == 3 else { throw LibPQError(.decodeFailed, "holdings: \(text)") }
      return HoldingsSample.Holding(
        node: String(words[0]), first: numbers[0], last: numbers[1], committed: numbers[2])
    }
    writer.add(
      .holdings(HoldingsSample(at: sample.at, counter: sample.counter, holdings: holdings)))
  }

  private func ledger(_ row: Row) throws -> LedgerSample {
    LedgerSample(
      at: writer.now,
      counter: CounterName(kind: try row.decode("kind"), year: try row.decode("year")),
      capacity: try row.decode("capacity"), issued: try row.decode("issued"),
      leased: try row.decode("leased"), free: try row.decode("free"), void: try row.decode("void"),
      clock: try row.decode("clock"))
  }
}
