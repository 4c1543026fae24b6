import Glibc
import Testing

@testable import LocalCluster

@Suite struct PrivatePostgresTests {
  @Test func onlyTLSWithACertificateGetsIn() async throws {
    let postgres = try await EphemeralPostgres.start()
    let facts = try await postgres.sql(
      "SELECT current_user, ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    #expect(facts == "postgres|t|TLSv1.3")
    #expect(try await postgres.sql("SHOW fsync") == "on")
    #expect(try await postgres.sql("SHOW wal_level") == "replica")

    var plain = try postgres.uri()
    plain.parameters["sslmode"] = "disable"
    let refusedPlain = await failure { try await postgres.sql("SELECT 1", at: plain) }
    #expect(refusedPlain?.code == .commandFailed)
    #expect(refusedPlain?.message.contains("no encryption") == true)

    var anonymous = try postgres.uri()
    anonymous.client = CertificateFiles(folder: postgres.folder, name: "none")
    let refusedAnonymous = await failure { try await postgres.sql("SELECT 1", at: anonymous) }
    #expect(refusedAnonymous?.message.contains("valid client certificate") == true)
    try await postgres.remove()
    #expect(!Folder.exists(postgres.folder))
  }

  @Test func aCertificateIsGoodForItsRoleOnly() async throws {
    let postgres = try await EphemeralPostgres.start()
    try await postgres.sql(#"CREATE ROLE "eu-1" LOGIN; CREATE ROLE "eu-2" LOGIN"#)
    let own = try postgres.uri(role: "eu-1")
    #expect(try await postgres.sql("SELECT session_user", at: own) == "eu-1")

    var other = try postgres.uri(role: "eu-2")
    other.client = own.client
    let refused = await failure { try await postgres.sql("SELECT 1", at: other) }
    #expect(refused?.message.contains("certificate authentication failed") == true)

    let stranger = try CertificateAuthority.create(folder: "\(postgres.folder)/other")
    var foreign = own
    foreign.client = try stranger.issueClient(role: "eu-1", folder: "\(postgres.folder)/other")
    let refusedForeign = await failure { try await postgres.sql("SELECT 1", at: foreign) }
    #expect(refusedForeign?.message.contains("unknown ca") == true)
    try await postgres.remove()
  }

  @Test func theServersNameIsChecked() async throws {
    let postgres = try await EphemeralPostgres.start()
    let wrong = try postgres.authority.issueServer(
      names: ["elsewhere"], addresses: [], folder: postgres.folder, file: "wrong")
    await postgres.server.reconfigure { $0.server = wrong }
    try await postgres.server.restart()
    let refused = await failure { try await postgres.sql("SELECT 1") }
    #expect(refused?.message.contains("does not match host name") == true)
    try await postgres.remove()
  }

  @Test func itStopsAndComesBack() async throws {
    let postgres = try await EphemeralPostgres.start(settings: ["log_min_messages": "info"])
    try await postgres.sql("CREATE TABLE kept AS SELECT 7 AS number")
    let first = try #require(postgres.server.running)
    #expect(first.isReady)
    #expect(try await postgres.server.start() == first, "a second start changes nothing")

    for mode in [PrivatePostgres.StopMode.fast, .immediate, .smart] {
      #expect(try await postgres.server.stop(mode))
      #expect(postgres.server.running == nil)
      #expect(try await !postgres.server.stop(mode), "nothing left to stop")
      try await postgres.server.start()
      #expect(try await postgres.sql("SELECT number FROM kept") == "7")
    }
    try await postgres.server.crash()
    #expect(postgres.server.running == nil)
    try await postgres.server.start()
    #expect(try await postgres.sql("SELECT number FROM kept") == "7")

    await postgres.server.reconfigure { $0.settings["log_min_messages"] = "error" }
    try await postgres.server.reload()
    var level = ""
    _ = try await Poll.until(atMost: .seconds(10)) {
      level = try await postgres.sql("SHOW log_min_messages")
      return level == "error"
    }
    #expect(level == "error")
    try await postgres.remove()
  }

  @Test func aStalePidIsNobodysServer() async throws {
    let postgres = try await EphemeralPostgres.start()
    try await postgres.server.stop(.immediate)
    let stranger = try sleeper()
    defer { stranger.signal(SIGKILL) }
    let file = "\(postgres.server.dataDirectory)/postmaster.pid"
    try LocalFile.write(
      "\(stranger.pid)\n\(postgres.server.dataDirectory)\n1\n\(postgres.port)\n\n127.0.0.1\n\nready\n"
        .utf8, to: file, mode: 0o600, owner: postgres.server.account)
    #expect(postgres.server.running == nil)
    #expect(try await !postgres.server.stop(.immediate))
    #expect(stranger.ended == nil, "the stranger lives")
    try await postgres.server.start()
    #expect(postgres.server.running != nil)
    try await postgres.remove()
  }

  @Test func aSettingThatIsWrongIsShown() async throws {
    let failure = await failure {
      _ = try await EphemeralPostgres.start(settings: ["no_such_setting": "1"])
    }
    #expect(failure?.code == .endedEarly)
    #expect(failure?.message.contains("no_such_setting") == true)
  }

  @Test func theServerIsNotRoot() async throws {
    let postgres = try await EphemeralPostgres.start()
    let pid = try #require(postgres.server.running?.process.pid)
    var status = stat()
    #expect(stat("/proc/\(pid)", &status) == 0)
    #expect(status.st_uid == postgres.server.account.userID)
    #expect(postgres.server.account.userID != 0)
    try await postgres.remove()
  }
}
