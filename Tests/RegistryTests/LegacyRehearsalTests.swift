import DatabaseFixture
import LibPQ
import Synchronization
import Testing

@testable import Registry

/// A dry run writes nothing, and says what a run then does.
struct LegacyRehearsalTests {
  @Test func aRehearsalWritesNothingAndSaysEverything() async throws {
    let database = try await LegacyInstallation.make(LegacyData(seed: 6).sql)
    let before = try await LegacyInstallation.fingerprint(database, withRandom: true)
    let (forecast, said) = try await rehearse(database)
    #expect(try await LegacyInstallation.fingerprint(database, withRandom: true) == before)

    try await LegacyInstallation.migrate(database)
    let done = try await changes(database)
    // what is random, or a time of the run, is not known before
    let isKnown = { (change: LegacyChange) in change.new != nil }
    let known = said.filter(isKnown)
    #expect(known.count > 500)
    let keys = Set(known.map(LegacyCSV.line))
    #expect(keys.isSubset(of: Set(done.map(LegacyCSV.line))))
    #expect(
      said.map { "\($0.table) \($0.recordID) \($0.column) \($0.reason)" }
        == done.map { "\($0.table) \($0.recordID) \($0.column) \($0.reason)" })

    for line in forecast {
      let rows = try await LegacyInstallation.rows(
        database,
        """
        SELECT count(*) AS records, count(*) FILTER (WHERE kept) AS kept, (
            SELECT coalesce(sum(upper(numbers) - lower(numbers)), 0) FROM serial.void_ranges v
            WHERE v.kind = '\(line.kind)' AND v.year = \(line.year)) AS void
        FROM serial.legacy_plan WHERE kind = '\(line.kind)' AND year = \(line.year)
        """)
      let row = try #require(rows.first)
      #expect(try row.decode("records", as: Int.self) == line.records)
      #expect(try row.decode("kept", as: Int.self) == line.kept)
      #expect(try row.decode("void", as: Int.self) == line.void)
      #expect(line.kept + line.renumbered == line.records)
    }
    // afterwards it says what was done
    #expect(try await rehearse(database).changes == done)
  }

  private func rehearse(_ database: Database) async throws
    -> (forecast: [LegacyForecast], changes: [LegacyChange])
  {
    let said = Mutex<[LegacyChange]>([])
    let connection = try await database.connect(as: "postgres", limits: LegacyMigration.limits)
    let forecast = try await LegacyMigration(connection: connection).rehearse { page in
      said.withLock { $0 += page }
    }
    await connection.close()
    return (forecast, said.withLock { $0 })
  }

  private func changes(_ database: Database) async throws -> [LegacyChange] {
    let all = Mutex<[LegacyChange]>([])
    let connection = try await database.connect(as: "postgres", limits: LegacyMigration.limits)
    try await LegacyMigration(connection: connection).changes { page in all.withLock { $0 += page }
    }
    await connection.close()
    return all.withLock { $0 }
  }
}
