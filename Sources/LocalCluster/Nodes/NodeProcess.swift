import FoundationEssentials
import Glibc

/// A real `seriald` process of this machine.
///
/// It is started in a session of its own, so that it outlives the shell that ran `make up`; any
/// later process finds it by its record.
public actor NodeProcess {
  /// How a node came to its end.
  public enum Stop: String, Sendable, Equatable, Codable {
    /// It did not run.
    case notRunning = "not-running"
    /// It ended by itself after `SIGTERM`.
    case stopped
    /// It did not end in time and was killed.
    case killed
  }

  /// What it is started with.
  public nonisolated let configuration: NodeConfiguration
  private var child: Child?
  private var identity: ProcessIdentity?
  private var watchdog: Watchdog?

  /// Describes a node; starts nothing.
  public init(configuration: NodeConfiguration) {
    self.configuration = configuration
  }

  /// The process, when it runs: the one we started, or the one that the record names.
  public var running: ProcessIdentity? {
    if let identity { return identity.isRunning ? identity : nil }
    return record?.process
  }

  /// How the process that we started ended; `nil` while it runs or when another process started it.
  public var ended: ProcessEnd? { child?.ended }

  /// Starts the node, unless it runs. It is not ready yet when this returns.
  ///
  /// - Throws: `portTaken`; `missingProgram`; `conflict` when it runs on another port.
  @discardableResult
  public func start() throws -> ProcessIdentity {
    if let running {
      guard identity != nil || record?.port == configuration.port else {
        throw LocalClusterError(
          .conflict,
          "\(configuration.name) already runs, on another port than \(configuration.port).",
          advice: "Stop the cluster first (`make down`), then start it with the new ports.")
      }
      return running
    }
    try PortHolder.requireFree(configuration.port, for: configuration.name)
    try rotate(configuration.logFile)
    var request = SpawnRequest(
      executable: configuration.executable, arguments: configuration.arguments)
    request.environment = configuration.wholeEnvironment
    request.directory = "/"
    request.output = .appendTo(configuration.logFile)
    request.errors = .appendTo(configuration.logFile)
    request.newSession = true
    let child = try request.spawn()
    guard let process = ProcessIdentity(pid: child.pid) else {
      throw endedEarly(child.ended)
    }
    self.child = child
    identity = process
    do {
      try note(process)
      if configuration.endsWithUs { watchdog = try Watchdog(process: process, signal: SIGKILL) }
    } catch {
      // What is not noted could not be stopped later.
      child.signal(SIGKILL)
      throw error
    }
    return process
  }

  /// Waits until `GET /health/ready` answers 200.
  ///
  /// - Throws: `endedEarly` with the end of its log; `timedOut` with what it last answered.
  public func waitUntilReady(limit: Duration = .seconds(60)) async throws {
    var last = "nothing"
    let ready = await Poll.until(atMost: limit, every: .milliseconds(50)) {
      guard running != nil else { return true }
      do {
        let answer = try await health()
        last = "\(answer.status) \(answer.body)"
        return answer.status == 200
      } catch {
        last = "\(error)"
        return false
      }
    }
    guard running != nil else { throw endedEarly(child?.ended) }
    guard ready else {
      throw LocalClusterError(
        .timedOut,
        "\(configuration.name) was not ready within \(limit). Its last answer: \(last)\n"
          + "The end of \(configuration.logFile):\n"
          + LocalFile.lastLines(of: configuration.logFile))
    }
  }

  /// Whether it runs and says that it is ready, now.
  public func isReady() async -> Bool {
    guard running != nil, let answer = try? await health() else { return false }
    return answer.status == 200
  }

  /// Ends the node: `SIGTERM`, then `SIGKILL` when `limit` has passed.
  @discardableResult
  public func stop(limit: Duration = .seconds(45)) async throws -> Stop {
    guard let process = running else {
      try forget()
      return .notRunning
    }
    try process.signal(SIGTERM)
    // One that is held by SIGSTOP would not hear of it.
    try process.signal(SIGCONT)
    var result = Stop.stopped
    if await !Poll.until(atMost: limit, { !process.isRunning }) {
      try await kill()
      result = .killed
    }
    try forget()
    return result
  }

  /// Kills the node (`SIGKILL`) and waits until it is gone.
  public func kill() async throws {
    guard let process = running else { return }
    try process.signal(SIGKILL)
    guard await Poll.until(atMost: .seconds(10), { !process.isRunning }) else {
      throw LocalClusterError(
        .timedOut, "\(configuration.name) (pid \(process.pid)) does not end, even when killed.")
    }
    // Its main thread is gone. The last of the others closes its sockets, and only then it can be
    // reaped, and its port taken again.
    if let child { _ = await child.wait(atMost: .seconds(10)) }
  }

  /// Holds the node still (`SIGSTOP`).
  public func pause() throws { try signal(SIGSTOP) }

  /// Lets it go on (`SIGCONT`).
  public func resume() throws { try signal(SIGCONT) }

  /// Sends a signal; false when it does not run.
  @discardableResult
  public func signal(_ number: Int32) throws -> Bool {
    try running?.signal(number) ?? false
  }

  private func health() async throws -> LocalHTTPResponse {
    try await LocalHTTP.send(
      "GET", port: configuration.port, path: "/health/ready", limit: .seconds(2))
  }

  private var record: NodeRecord? {
    guard let path = configuration.recordFile, let content = (try? LocalFile.read(path)) ?? nil,
      let record = try? JSONDecoder().decode(NodeRecord.self, from: Data(content)),
      record.recordFile == path, record.process.isRunning
    else { return nil }
    return record
  }

  private func note(_ process: ProcessIdentity) throws {
    guard let path = configuration.recordFile else { return }
    let record = NodeRecord(process: process, port: configuration.port, recordFile: path)
    try LocalFile.write(JSONEncoder().encode(record), to: path, mode: 0o600)
  }

  private func forget() throws {
    watchdog?.disarm()
    watchdog = nil
    identity = nil
    if let path = configuration.recordFile { try LocalFile.remove(path) }
  }

  private func endedEarly(_ end: ProcessEnd?) -> LocalClusterError {
    LocalClusterError(
      .endedEarly,
      "\(configuration.name) ended before it was ready (\(end?.description ?? "unknown how"))."
        + " The end of \(configuration.logFile):\n"
        + LocalFile.lastLines(of: configuration.logFile))
  }
}
