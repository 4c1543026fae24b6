import Glibc

extension PrivatePostgres {
  /// Writes settings, access rules and certificates. The data directory belongs to the server's
  /// account, and so do these; the server refuses a key that others can read.
  func writeFiles() throws {
    func put(_ content: some Collection<UInt8>, _ name: String) throws {
      try LocalFile.write(content, to: "\(dataDirectory)/\(name)", mode: 0o600, owner: account)
    }
    func copy(_ source: String, _ name: String) throws {
      guard let content = try LocalFile.read(source) else {
        throw LocalClusterError(.damagedFile, "\(source) is missing.")
      }
      try put(content, name)
    }
    try put(configuration.settingsFile.utf8, "seriald.conf")
    try put(configuration.accessFile.utf8, "pg_hba.conf")
    try copy(configuration.clientAuthority, "clients.crt")
    try copy(configuration.server.certificate, "server.crt")
    try copy(configuration.server.key, "server.key")
  }

  /// A data directory whose way the server's account may not go gives a message that names only
  /// the last step; better to say it before.
  func requireAccess(to folder: String? = nil) async throws {
    let folder = folder ?? dataDirectory
    guard await !account.canEnter(folder) else { return }
    throw LocalClusterError(
      .unreachableFolder,
      "The account \(account.name), which runs PostgreSQL, cannot enter \(folder).",
      advice: "Let it pass through the folders above (`chmod o+x`), or remove the data and make"
        + " it anew (`make clean`, `make up`).")
  }

  /// After a crash: waits for backends that have not noticed yet that their postmaster is gone,
  /// ends those that do not notice, and removes a `postmaster.pid` that is nobody's. A server that
  /// finds its old pid in use by a stranger would refuse to start.
  func clearRemains() async throws {
    let directory = dataDirectory
    let gone = await Poll.until(atMost: .seconds(10)) {
      RunningServer.processes(in: directory).isEmpty
    }
    if !gone {
      for process in RunningServer.processes(in: directory) { try process.signal(SIGKILL) }
      _ = await Poll.until(atMost: .seconds(10)) {
        RunningServer.processes(in: directory).isEmpty
      }
    }
    try LocalFile.remove("\(directory)/postmaster.pid")
  }

  /// One old log is kept; the running one starts anew when it has grown beyond 10 MB.
  func rotateLog() throws {
    try rotate(configuration.logFile)
  }
}

/// Renames a log that has grown beyond 10 MB, so that a cluster of months does not fill the disk.
func rotate(_ log: String) throws {
  var status = stat()
  guard stat(log, &status) == 0, status.st_size > 10 << 20 else { return }
  guard rename(log, "\(log).old") == 0 else { throw LocalClusterError.system("rename", log) }
}
