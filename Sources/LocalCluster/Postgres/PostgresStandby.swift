import Synchronization

/// A server that follows another one by streaming replication over TLS.
///
/// Stop, start and crash it through `server`. It ends with the server that it was added to.
public final class PostgresStandby: Sendable {
  /// Its `application_name`, which `synchronous_standby_names` names.
  public let name: String
  /// The server.
  public let server: PrivatePostgres
  /// The port on 127.0.0.1.
  public let port: UInt16
  private let reservation: FreePort
  private let superuser: ConnectionURI

  init(name: String, server: PrivatePostgres, reservation: FreePort, superuser: ConnectionURI) {
    self.name = name
    self.server = server
    self.reservation = reservation
    self.superuser = superuser
    port = reservation.number
  }

  /// Runs SQL on the standby through `psql`, as the superuser unless another connection is given.
  @discardableResult
  public func sql(_ statement: String, at uri: ConnectionURI? = nil) async throws -> String {
    try await server.programs.sql(statement, at: uri ?? superuser)
  }

  /// Makes it a server of its own, on a new timeline. Returns when it takes writes.
  ///
  /// What it had not received from its server by then is lost.
  public func promote() async throws {
    guard try await sql("SELECT pg_promote(true, 60)") == "t" else {
      throw LocalClusterError(.timedOut, "The standby \(name) was not promoted within a minute.")
    }
  }
}

extension EphemeralPostgres {
  /// Adds a standby and starts it; returns when it streams. The server must have been started with
  /// `allowsReplication`.
  ///
  /// - Parameters:
  ///   - name: lower case letters, digits and underscores; other standbys have other names.
  ///   - isSynchronous: from now on commits wait until it has flushed them.
  public func addStandby(
    name: String = "standby", isSynchronous: Bool = true
  ) async throws -> PostgresStandby {
    let reservation = try FreePort()
    var configuration = await server.configuration
    configuration.dataDirectory = "\(folder)/\(name)"
    configuration.logFile = "\(folder)/\(name).log"
    configuration.port = reservation.number
    let slot = ["--slot=\(name)", "--create-slot"]
    try await copyData(to: configuration.dataDirectory, options: slot)
    try LocalFile.write(
      "".utf8, to: "\(configuration.dataDirectory)/standby.signal", mode: 0o600,
      owner: server.account)
    var source = try await replicationURI()
    source.parameters["application_name"] = name
    configuration.settings["primary_conninfo"] = source.description
    // The slot keeps the log while the standby is stopped, for as long as a test likes.
    configuration.settings["primary_slot_name"] = name
    configuration.settings["wal_retrieve_retry_interval"] = "100ms"
    configuration.settings["synchronous_standby_names"] = ""
    var superuser = try uri()
    superuser.port = reservation.number
    let standby = PostgresStandby(
      name: name, server: try await PrivatePostgres(configuration: configuration),
      reservation: reservation, superuser: superuser)
    standbys.withLock { $0.append(standby) }
    try await standby.server.start()
    try await waitUntilStreaming(standby)
    if isSynchronous { try await setSynchronousStandbys([name]) }
    return standby
  }

  /// Names the standbys of which the first must have flushed a commit before it is answered; none
  /// switches synchronous replication off. Returns when the server works by it.
  public func setSynchronousStandbys(_ names: [String]) async throws {
    let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
    await server.reconfigure { $0.settings["synchronous_standby_names"] = list }
    try await server.reload()
    try await waitFor("the server names other synchronous standbys") {
      try await sql("SHOW synchronous_standby_names") == list
    }
    for standby in standbys.withLock({ $0 }) where standby.name == names.first {
      try await waitUntilStreaming(standby)
    }
  }

  /// Waits until the standby receives the log of the server as it is written.
  public func waitUntilStreaming(_ standby: PostgresStandby) async throws {
    try await waitFor("the standby \(standby.name) does not stream") {
      try await sql(
        "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
          + " AND application_name = '\(standby.name)'") == "1"
    }
  }

  func waitFor(_ complaint: String, _ condition: () async throws -> Bool) async throws {
    guard try await Poll.until(atMost: .seconds(60), every: .milliseconds(20), condition) else {
      throw LocalClusterError(.timedOut, "After a minute \(complaint).")
    }
  }
}
