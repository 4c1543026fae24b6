import Testing

@testable import LocalCluster

@Suite struct PostgresStandbyTests {
  @Test func aSynchronousStandbyFollowsOverTLSAndIsPromoted() async throws {
    let postgres = try await EphemeralPostgres.start(allowsReplication: true)
    let standby = try await postgres.addStandby(name: "second")
    let facts = try await postgres.sql(
      "SELECT sync_state, s.version, usename FROM pg_stat_replication JOIN pg_stat_ssl s USING (pid)"
    )
    #expect(facts == "sync|TLSv1.3|replicator")
    try await postgres.sql("CREATE TABLE kept AS SELECT 7 AS number")
    try await postgres.sql("SET synchronous_commit = remote_apply; INSERT INTO kept VALUES (8)")
    #expect(try await standby.sql("SELECT sum(number) FROM kept") == "15")
    #expect(try await standby.sql("SELECT pg_is_in_recovery()") == "t")

    // stopped and started: it catches up
    try await standby.server.stop()
    try await postgres.sql("SET synchronous_commit = local; INSERT INTO kept VALUES (9)")
    try await standby.server.start()
    try await postgres.waitUntilStreaming(standby)
    try await postgres.sql("SET synchronous_commit = remote_apply; INSERT INTO kept VALUES (10)")
    #expect(try await standby.sql("SELECT sum(number) FROM kept") == "34")

    try await postgres.setSynchronousStandbys([])
    try await standby.server.stop()
    try await postgres.sql("INSERT INTO kept VALUES (1000)")
    try await postgres.server.crash()
    try await standby.server.start()
    try await standby.promote()
    let timeline = "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"
    #expect(try await standby.sql(timeline) == "2")
    #expect(try await standby.sql("INSERT INTO kept VALUES (0) RETURNING number") == "0")
    #expect(try await standby.sql("SELECT sum(number) FROM kept") == "34", "1000 was lost")
    let process = try #require(standby.server.running?.process)
    try await postgres.remove()
    #expect(!process.isRunning)
    #expect(!Folder.exists(postgres.folder))
  }

  @Test(arguments: BaseBackup.Recovery.allCases)
  func aBackupIsStartedInTheServersPlace(recovery: BaseBackup.Recovery) async throws {
    let postgres = try await EphemeralPostgres.start(allowsReplication: true)
    let identifier = "SELECT system_identifier FROM pg_control_system()"
    let timeline = "SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"
    let system = try await postgres.sql(identifier)
    try await postgres.sql("CREATE TABLE kept AS SELECT 7 AS number")
    let backup = try await postgres.takeBackup()
    try await postgres.sql("INSERT INTO kept VALUES (8)")
    let early = await failure { try await postgres.restore(backup, recovery: recovery) }
    #expect(early?.code == .conflict)
    for _ in 0..<2 {
      try await postgres.server.stop()
      try await postgres.restore(backup, recovery: recovery)
      #expect(try await postgres.sql("SELECT sum(number) FROM kept") == "7", "8 is forgotten")
      #expect(try await postgres.sql(identifier) == system)
      #expect(try await postgres.sql(timeline) == (recovery == .archive ? "2" : "1"))
      try await postgres.sql("INSERT INTO kept VALUES (9)")
    }
    try await postgres.remove()
  }

  @Test func replicationIsForWhoAskedForIt() async throws {
    let postgres = try await EphemeralPostgres.start()
    let refused = await failure { _ = try await postgres.addStandby() }
    #expect(refused?.code == .conflict)
    try await postgres.remove()
  }
}
