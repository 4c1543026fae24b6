import Glibc

/// A copy of a server's data directory as `pg_basebackup` left it, with the log that makes it whole.
public struct BaseBackup: Sendable, Equatable {
  /// How a server is started on a backup.
  public enum Recovery: String, Sendable, CaseIterable {
    /// Without `recovery.signal`, as after a crash: the same system identifier and the same timeline
    /// as the server that it was taken from.
    case crash
    /// With `recovery.signal`, as the documentation of PostgreSQL asks for: the same system identifier,
    /// a new timeline.
    case archive
  }

  /// The copy's folder. It is not started itself: each restore copies it.
  public let folder: String
}

extension EphemeralPostgres {
  /// Takes a backup of the running server, over TLS, with the log that it needs.
  public func takeBackup(name: String = "backup") async throws -> BaseBackup {
    let backup = BaseBackup(folder: "\(folder)/backup-\(name)")
    try await copyData(to: backup.folder, options: [])
    return backup
  }

  /// Puts a copy of the backup in the place of the server's data, starts it under the same port, and
  /// returns when it takes writes. The old data is kept beside it.
  ///
  /// - Throws: `conflict` while the old server runs.
  public func restore(_ backup: BaseBackup, recovery: BaseBackup.Recovery) async throws {
    guard server.running == nil else {
      throw LocalClusterError(.conflict, "PostgreSQL still runs on \(server.dataDirectory).")
    }
    let data = server.dataDirectory
    var old = 1
    while Folder.exists("\(data).old-\(old)") { old += 1 }
    guard rename(data, "\(data).old-\(old)") == 0 else {
      throw LocalClusterError.system("rename", data)
    }
    let account = server.account
    try Folder.make(data, mode: 0o700, owner: account)
    let copy = try await Command.run(
      "/bin/cp", ["--archive", "\(backup.folder)/.", data], as: account, limit: .seconds(60))
    guard copy.succeeded else { throw LocalClusterError(.commandFailed, copy.errors) }
    if recovery == .archive {
      try LocalFile.write("".utf8, to: "\(data)/recovery.signal", mode: 0o600, owner: account)
    }
    await server.reconfigure {
      // There is no archive: what the backup holds is all there is.
      $0.settings["restore_command"] = recovery == .archive ? "false" : nil
    }
    try await server.start()
    try await waitFor("the server still recovers") {
      try await sql("SELECT pg_is_in_recovery()") == "f"
    }
  }

  /// Copies the running server's data directory by `pg_basebackup`, as the server's account.
  func copyData(to target: String, options: [String]) async throws {
    let account = server.account
    try Folder.make(target, mode: 0o700, owner: account)
    let result = try await Command.run(
      server.programs.basebackup,
      [
        "--pgdata=\(target)", "--dbname=\(try await replicationURI())", "--wal-method=stream",
        "--checkpoint=fast", "--no-sync", "--no-password",
      ] + options,
      environment: ["PGCONNECT_TIMEOUT": "10", "HOME": "/nonexistent"], as: account,
      limit: .seconds(120))
    guard result.succeeded else {
      throw LocalClusterError(.commandFailed, "pg_basebackup (\(result.end)): \(result.errors)")
    }
  }

  /// A connection that may replicate, with files that the server's account can read. The role and the
  /// files are made when they are first asked for.
  func replicationURI() async throws -> ConnectionURI {
    guard await server.configuration.allowsReplication else {
      throw LocalClusterError(
        .conflict, "The server lets nobody replicate.",
        advice: "Start it with `allowsReplication: true`.")
    }
    let role = "replicator"
    var uri = try self.uri(role: role)
    let files = CertificateFiles(folder: "\(folder)/replication", name: role)
    let authority = "\(folder)/replication/ca.crt"
    if !Folder.exists(authority) {
      try await sql("CREATE ROLE \(role) LOGIN REPLICATION")
      try Folder.make("\(folder)/replication", mode: 0o700, owner: server.account)
      for (source, target) in [
        (uri.client?.certificate, files.certificate), (uri.client?.key, files.key),
        (uri.authority, authority),
      ] {
        let content = try source.flatMap { try LocalFile.read($0) } ?? []
        try LocalFile.write(content, to: target, mode: 0o600, owner: server.account)
      }
    }
    uri.client = files
    uri.authority = authority
    return uri
  }
}
