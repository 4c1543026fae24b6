import DatabaseFixture
import LibPQ
import Synchronization
import Testing

@testable import Registry

/// The old application goes on writing in its own manner while it is migrated.
struct LegacyWritersTests {
  @Test func aRowThatTheApplicationHoldsIsWaitedFor() async throws {
    let database = try await LegacyInstallation.make(
      "INSERT INTO jobs (job_serial, name, job_type, created_by) VALUES ('JOB-2025-000001', 'j', 'command', 1)"
    )
    let application = try await database.connect(as: "enabledrm", limits: .migration)
    try await application.simpleScript("BEGIN; UPDATE jobs SET name = 'held'")
    let waited = Mutex(false)
    try await LegacyInstallation.migrate(
      database,
      observe: { event in
        guard case .waits = event else { return }
        if waited.withLock({
          let first = !$0
          $0 = true
          return first
        }) {
          Task { try await application.simpleScript("COMMIT") }
        }
      })
    await application.close()
    let hasWaited = waited.withLock { $0 }
    #expect(hasWaited)
    let rows = try await LegacyInstallation.rows(database, "SELECT name, job_serial FROM jobs")
    #expect(try rows.first?.text("name") == "held")
    #expect(try rows.first?.text("job_serial") == "J202500001")
  }

  @Test(arguments: [LegacyOptions.Writes.renumber, .refuse])
  func afterwardsTheDatabaseNumbersWhatIsInserted(writes: LegacyOptions.Writes) async throws {
    let database = try await LegacyInstallation.make(LegacyData(seed: 8, jobs: 20).sql)
    try await LegacyInstallation.migrate(database, LegacyOptions(writes: writes))
    let application = try await database.connect(as: "enabledrm")
    try await application.simpleScript(
      "INSERT INTO jobs (name, job_type, created_by) VALUES ('without', 'command', 1)")
    let own =
      "INSERT INTO jobs (job_serial, name, job_type, created_by) VALUES ('JOB-2025-000001', 'own', "
      + "'command', 1)"
    switch writes {
    case .renumber: try await application.simpleScript(own)
    case .refuse:
      await #expect(throws: LibPQError.self) { try await application.simpleScript(own) }
    }
    await application.close()
    let rows = try await LegacyInstallation.rows(
      database, "SELECT job_serial, name FROM jobs WHERE name IN ('without', 'own')")
    #expect(rows.count == (writes == .renumber ? 2 : 1))
    for row in rows {
      #expect(try row.text("job_serial")?.wholeMatch(of: #/J[2-9][0-9]{8}/#) != nil)
    }
    #expect(try await database.sql("SELECT count(*) FROM serial.verify()").contains("0"))
  }
}
