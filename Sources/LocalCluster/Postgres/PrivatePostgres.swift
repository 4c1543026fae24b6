import Glibc

/// A PostgreSQL server of our own: one data directory, one port on 127.0.0.1, TLS 1.3 and client
/// certificates only.
///
/// What runs is read from the data directory each time, so that any process may stop what another
/// one started. The server never runs as root: see `Account.forServer`.
public actor PrivatePostgres {
  /// How the server is told to end.
  public enum StopMode: Sendable {
    /// Waits for clients to leave.
    case smart
    /// Ends the sessions, then shuts down in order.
    case fast
    /// Ends at once, as in a crash: the next start recovers from the log.
    case immediate

    var signal: Int32 {
      switch self {
      case .smart: SIGTERM
      case .fast: SIGINT
      case .immediate: SIGQUIT
      }
    }
  }

  /// What the server is made of.
  public private(set) var configuration: PostgresConfiguration
  /// The data directory.
  public nonisolated let dataDirectory: String
  /// PostgreSQL's programs.
  public nonisolated let programs: PostgresPrograms
  nonisolated let account: Account
  private var child: Child?
  private var watchdog: Watchdog?

  /// Finds the programs and the account; touches nothing yet.
  public init(configuration: PostgresConfiguration) async throws {
    self.configuration = configuration
    dataDirectory = configuration.dataDirectory
    programs = try await PostgresPrograms.find()
    account = try await Account.forServer()
  }

  /// The server that runs now; `nil` when none does.
  public nonisolated var running: RunningServer? { RunningServer(dataDirectory: dataDirectory) }

  /// Makes the data directory, unless it is there.
  ///
  /// Made under another name and renamed when complete: an interrupted start leaves nothing that
  /// looks like a data directory.
  public func prepare() async throws {
    if Folder.exists("\(dataDirectory)/PG_VERSION") { return try await requireAccess() }
    let real = Folder.resolve(dataDirectory) ?? dataDirectory
    try Folder.requireSpace(200 << 20, at: Folder.parent(of: real))
    let partial = "\(real).partial"
    try Folder.removeAll(partial)
    try Folder.make(partial, mode: 0o700, owner: account)
    try await requireAccess(to: partial)
    var arguments = [
      "--pgdata=\(partial)", "--username=\(configuration.superuser)", "--auth-local=reject",
      "--auth-host=cert", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
      "--no-instructions",
    ]
    if !configuration.flushesNewData { arguments.append("--no-sync") }
    let result = try await Command.run(
      programs.initdb, arguments, as: account, limit: .seconds(180))
    guard result.succeeded else {
      try Folder.requireSpace(16 << 20, at: partial)
      throw LocalClusterError(
        .commandFailed, "initdb failed (\(result.end)):\n\(result.errors)",
        advice: "What it says above is the reason; nothing was kept, so it can be run again.")
    }
    let main = try LocalFile.readText("\(partial)/postgresql.conf") ?? ""
    try LocalFile.write(
      "\(main)\ninclude = 'seriald.conf'\n".utf8, to: "\(partial)/postgresql.conf", mode: 0o600,
      owner: account)
    if Folder.isFolder(real) { rmdir(real) }
    guard rename(partial, real) == 0 else { throw LocalClusterError.system("rename", partial) }
  }

  /// Starts the server, unless it runs, and waits until it takes connections.
  ///
  /// - Parameter limit: how long recovery may take.
  /// - Throws: `portTaken`; `endedEarly` with the end of the log; `timedOut`; `conflict` when it
  ///   runs on another port.
  @discardableResult
  public func start(limit: Duration = .seconds(60)) async throws -> RunningServer {
    try await prepare()
    try writeFiles()
    if let server = running {
      guard server.port == configuration.port else {
        throw LocalClusterError(
          .conflict,
          "PostgreSQL already runs on port \(server.port), not on \(configuration.port).",
          advice: "Stop it first, then start it with the other port.")
      }
      try server.process.signal(SIGHUP)
      return try await waitUntilReady(limit: limit)
    }
    try await clearRemains()
    try PortHolder.requireFree(configuration.port, for: "PostgreSQL")
    try rotateLog()
    child = try launch()
    let server = try await waitUntilReady(limit: limit)
    if configuration.endsWithUs {
      watchdog?.disarm()
      watchdog = try Watchdog(
        process: server.process, signal: SIGQUIT, removing: configuration.removedWithUs)
    }
    return server
  }

  /// Stops the server and waits until it has ended.
  ///
  /// - Returns: false when none ran.
  /// - Throws: `timedOut`; the server then still runs.
  @discardableResult
  public func stop(_ mode: StopMode = .fast, limit: Duration = .seconds(60)) async throws -> Bool {
    guard let server = running else { return false }
    try server.process.signal(mode.signal)
    guard await Poll.until(atMost: limit, { !server.process.isRunning }) else {
      throw LocalClusterError(
        .timedOut, "PostgreSQL (pid \(server.process.pid)) did not stop within \(limit).",
        advice: "See \(configuration.logFile).")
    }
    // A folder that is to be removed stays watched while the server is stopped.
    if configuration.removedWithUs == nil { disarm() }
    return true
  }

  /// Takes back what `endsWithUs` and `removedWithUs` promised.
  func disarm() {
    watchdog?.disarm()
    watchdog = nil
  }

  /// Stops the server, if it runs, and starts it.
  @discardableResult
  public func restart(
    _ mode: StopMode = .fast, limit: Duration = .seconds(60)
  ) async throws -> RunningServer {
    try await stop(mode, limit: limit)
    return try await start(limit: limit)
  }

  /// Writes the settings and certificates anew and has the server read them.
  public func reload() throws {
    try writeFiles()
    try signal(SIGHUP)
  }

  /// Changes settings or certificates; they count from the next `reload` or `start`.
  public func reconfigure(_ change: @Sendable (inout PostgresConfiguration) -> Void) {
    change(&configuration)
  }

  /// Kills the postmaster with `kill -9` and waits until it is gone. Its backends end by
  /// themselves when they notice; `start` waits for them.
  public func crash() async throws {
    guard let server = running else { return }
    try server.process.signal(SIGKILL)
    _ = await Poll.until(atMost: .seconds(10)) { !server.process.isRunning }
  }

  /// Sends a signal to the postmaster; false when none runs.
  @discardableResult
  public func signal(_ number: Int32) throws -> Bool {
    try running?.process.signal(number) ?? false
  }

  private func waitUntilReady(limit: Duration) async throws -> RunningServer {
    var server: RunningServer?
    let ready = await Poll.until(atMost: limit) {
      server = running
      if server?.isReady == true { return true }
      return server == nil && child?.ended != nil
    }
    if let server, server.isReady { return server }
    if let end = child?.ended {
      try Folder.requireSpace(16 << 20, at: dataDirectory)
      throw LocalClusterError(
        .endedEarly,
        "PostgreSQL ended at its start (\(end)). The end of \(configuration.logFile):\n"
          + LocalFile.lastLines(of: configuration.logFile))
    }
    precondition(!ready, "ready means ready or ended")
    throw LocalClusterError(
      .timedOut, "PostgreSQL was not ready within \(limit).",
      advice: "See \(configuration.logFile).")
  }

  private func launch() throws -> Child {
    // `env`, so that nothing of it is seen by what runs before as another account
    let own = configuration.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var request = SpawnRequest(executable: own.isEmpty ? programs.postgres : "/usr/bin/env")
    request.arguments = (own.isEmpty ? [] : own + [programs.postgres]) + ["-D", dataDirectory]
    request.environment = Command.basicEnvironment
    request.output = .appendTo(configuration.logFile)
    request.errors = .appendTo(configuration.logFile)
    request.newSession = true
    request.directory = "/"
    request.account = account
    return try request.spawn()
  }
}
