import Allocator
import DatabaseFixture
import Foundation
import LibPQ
import LocalCluster
import Testing

@testable import Coordinator

struct MigratorTests {
  private func applied(_ database: Database) async throws -> String {
    try await database.sql(
      "SELECT count(*), count(DISTINCT version), max(version) FROM serial.migrations"
    )
    .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test func twoAtOnceAreHarmlessAndASecondRunDoesNothing() async throws {
    let database = try await Fixture.shared.emptyDatabase()
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let admin = try await database.connect(as: "postgres", limits: .migration)
          let count = try await Migrator(connection: admin).run().count
          await admin.close()
          return count
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let all = Migration.all.count
    #expect(counts.sorted() == [0, 0, 0, all])
    #expect(try await applied(database) == "\(all)|\(all)|\(Migration.all.last?.version ?? 0)")
  }

  /// The run before may take longer than a migration may wait for one of its locks.
  @Test func theWaitForAnotherRunOutlastsTheLimitOfLocks() async throws {
    let database = try await Fixture.shared.emptyDatabase()
    let holder = try await database.connect(as: "postgres", limits: .migration)
    _ = try await holder.execute(SQL.lockMigrations)
    let limits = SessionLimits(
      statementTimeoutMilliseconds: 60_000, lockTimeoutMilliseconds: 100,
      idleInTransactionTimeoutMilliseconds: 60_000)
    let waiter = try await database.connect(as: "postgres", limits: limits)
    let run = Task { try await Migrator(connection: waiter).run().count }
    let longAgo = """
      SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '300 ms'
      """
    let deadline = ContinuousClock.now + .seconds(30)
    while try await database.sql(longAgo).hasPrefix("0") {
      try #require(ContinuousClock.now < deadline, "the second run does not wait for the first")
    }
    await holder.close()
    #expect(try await run.value == Migration.all.count)
    // What migrations lock is bounded as before.
    let setting = Statement(
      name: "test_lock_timeout", sql: "SELECT current_setting('lock_timeout') AS value",
      parameterCount: 0)
    let value: String? = try await waiter.execute(setting).rows.first?.decode("value")
    #expect(value == "100ms")
    await waiter.close()
  }

  @Test func aMigrationThatFailsLeavesNothingOfItself() async throws {
    let database = try await Fixture.shared.emptyDatabase()
    let admin = try await database.connect(as: "postgres", limits: .migration)
    let good = Migration(version: 1, name: "good", sql: "CREATE TABLE serial.a (b int)")
    let bad = Migration(
      version: 2, name: "bad", sql: "CREATE TABLE serial.c (d int); SELECT 1 / 0")
    await #expect(throws: (any Error).self) {
      try await Migrator(connection: admin, migrations: [good, bad]).run()
    }
    #expect(try await applied(database) == "1|1|1")
    #expect(
      try await database.sql("SELECT to_regclass('serial.c') IS NULL").hasPrefix("t"))
    await admin.close()
  }

  @Test func whatWasAppliedMustNotChangeAndMustBeKnown() async throws {
    let database = try await Fixture.shared.emptyDatabase()
    let admin = try await database.connect(as: "postgres", limits: .migration)
    let one = Migration(version: 1, name: "one", sql: "CREATE TABLE serial.a (b int)")
    let three = Migration(version: 3, name: "three", sql: "CREATE TABLE serial.c (d int)")
    _ = try await Migrator(connection: admin, migrations: [one, three]).run()
    let changed = Migration(version: 1, name: "one", sql: "CREATE TABLE serial.a (b bigint)")
    let two = Migration(version: 2, name: "two", sql: "CREATE TABLE serial.e (f int)")
    for (migrations, hint) in [
      ([changed, three], "checksum"), ([one], "does not know"), ([one, two, three], "left out"),
    ] {
      let error = await #expect(throws: MigrationError.self) {
        try await Migrator(connection: admin, migrations: migrations).run()
      }
      #expect(error?.description.contains(hint) == true)
    }
    await admin.close()
  }

  @Test func aNodeRefusesASchemaThatItDoesNotKnow() async throws {
    let database = try await Fixture.shared.database()
    try await database.withPool(as: "eu-1") { pool in
      try await SchemaVersion.check(pool, callMilliseconds: 10_000)
      for (change, hint) in [
        (
          "INSERT INTO serial.migrations VALUES (\(Migration.supported.upperBound + 1), 'x', 'y')",
          "use a newer binary"
        ),
        ("DELETE FROM serial.migrations", "run `seriald migrate`"),
      ] {
        try await database.sql(change)
        let error = await #expect(throws: CoordinatorError.self) {
          try await SchemaVersion.check(pool, callMilliseconds: 10_000)
        }
        #expect(error?.code == .rejected)
        #expect(error?.detail.contains(hint) == true, "\(error?.detail ?? "")")
      }
    }
    let empty = try await Fixture.shared.emptyDatabase()
    try await empty.withPool(as: "eu-1") { pool in
      let error = await #expect(throws: CoordinatorError.self) {
        try await SchemaVersion.check(pool, callMilliseconds: 10_000)
      }
      #expect(error?.detail.contains("seriald migrate") == true)
    }
  }

  @Test func theEmbeddedMigrationsAreNumberedWithoutGaps() {
    #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
    #expect(Migration.supported.upperBound == Migration.all.count)
    for migration in Migration.all { #expect(migration.sql.count > 500) }
  }

  @Test func enrollmentIsIdempotentAndRefusesAnotherRegionOrAPowerfulRole() async throws {
    let database = try await Fixture.shared.database()
    let admin = try await database.connect(as: "postgres")
    #expect(try await Enrollment.enroll(node: "ap-1", region: "ap", on: admin))
    #expect(try await Enrollment.enroll(node: "ap-1", region: "ap", on: admin) == false)
    await #expect(throws: LibPQError.self) {
      try await Enrollment.enroll(node: "ap-1", region: "eu", on: admin)
    }
    await #expect(throws: LibPQError.self) {
      try await Enrollment.enroll(node: "postgres", region: "eu", on: admin)
    }
    await #expect(throws: LibPQError.self) {
      try await Enrollment.enroll(node: "Not A Node", region: "eu", on: admin)
    }
    await admin.close()
    try await database.withPool(as: "ap-1") { pool in
      try await SchemaVersion.check(pool, callMilliseconds: 10_000)
    }
  }
}
