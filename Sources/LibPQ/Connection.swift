public import Logging
internal import Synchronization

/// One connection to the server, on a thread of its own.
///
/// The actor's executor is that thread, so that waiting for the server never holds one of Swift's
/// cooperative threads. Calls are done one after another, in the order in which they came.
///
/// Cancelling a task does not cut off a statement that it has called: the statement runs to its
/// reply or its deadline, and the outcome is returned or thrown, never swallowed. `interrupt()`
/// and `close()` do cut it off, and its outcome is then unknown.
public actor Connection {
  /// Tells connections of this process apart.
  public nonisolated let id: UInt64

  private nonisolated let thread: ConnectionThread
  nonisolated let signals: ConnectionSignals
  let session: Session
  let limits: SessionLimits
  let logger: Logger

  private static let lastID = Atomic<UInt64>(0)

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }

  init(limits: SessionLimits, logger: Logger) throws(LibPQError) {
    let id = Self.lastID.wrappingAdd(1, ordering: .relaxed).newValue
    let signals = try ConnectionSignals()
    let thread = try ConnectionThread(name: "libpq-\(id)")
    self.id = id
    self.signals = signals
    self.thread = thread
    self.session = Session(signals: signals)
    self.limits = limits
    var logger = logger
    logger[metadataKey: "connection_id"] = "\(id)"
    self.logger = logger
  }

  deinit { thread.stop() }

  /// Connects, verifies TLS on the live connection and sets the session's limits.
  ///
  /// - Parameters:
  ///   - deadline: for all hosts together; each host has its `connect_timeout` as well. The
  ///     resolver does not know it: a name server that does not answer may take longer.
  ///
  /// Throws `invalidConnectionString`, `connectFailed`, `tlsRefused`, `authenticationFailed`, or
  /// `cancelled` when the task is cancelled while it waits.
  public static func connect(
    _ options: ConnectionOptions, limits: SessionLimits = .standard,
    deadline: ContinuousClock.Instant? = nil, logger: Logger
  ) async throws(LibPQError) -> Connection {
    let connection = try Connection(limits: limits, logger: logger)
    let hosts = options.hosts.count
    let deadline =
      deadline ?? .now + .milliseconds(options.connectTimeoutMilliseconds * hosts)
    let result = await withTaskCancellationHandler {
      await connection.open(options, deadline: deadline)
    } onCancel: {
      connection.interrupt()
    }
    try result.get()
    return connection
  }

  private func open(
    _ options: ConnectionOptions, deadline: ContinuousClock.Instant
  ) -> Result<Void, LibPQError> {
    do throws(LibPQError) {
      try session.open(options, limits: limits, deadline: deadline)
      logger.debug(
        "connected to the server",
        metadata: ["host": "\(host.map(\.description) ?? "")", "user": "\(options.user)"])
      return .success(())
    } catch {
      logger.debug(
        "could not connect to the server", metadata: ["error": "\(error.debugDescription)"])
      return .failure(
        error.code == .closed
          ? error.with(code: .cancelled, message: "cancelled while connecting") : error)
    }
  }

  /// The host that answered.
  public nonisolated var host: ConnectionOptions.Host? { signals.host }

  /// True once the connection is closed or lost. A loss shows at the next call.
  public nonisolated var isClosed: Bool { signals.health == .closed }

  /// Closes from anywhere, without waiting: a call that waits for the server ends at once (a
  /// statement with `outcomeUnknown`), and every later call throws `closed`.
  public nonisolated func interrupt() {
    signals.requestClose()
  }

  /// Closes and waits until the socket is closed. Idempotent.
  public nonisolated func close() async {
    interrupt()
    await finish()
  }

  private func finish() {
    session.finish()
  }

  /// Executes a statement, prepared on this connection when it is first used here.
  ///
  /// - Parameters:
  ///   - deadline: the client's; a little above `statement_timeout` if none is given.
  ///
  /// Throws `statementFailed` when the server's ERROR proves that it was rolled back,
  /// `outcomeUnknown` when it was sent and nothing is proved (the connection is then closed), and
  /// one of the codes whose `outcome` is `notSent`.
  ///
  /// A result with `warnings` may be a commit that no standby has confirmed.
  public func execute(
    _ statement: Statement, _ parameters: [Parameter] = [],
    deadline: ContinuousClock.Instant? = nil
  ) throws(LibPQError) -> StatementResult {
    try logging(statement.name) { () throws(LibPQError) in
      try session.execute(statement, parameters, deadline: deadline ?? defaultDeadline)
    }
  }

  /// Runs SQL text of any number of statements, without parameters: for migrations. The result
  /// is the last statement's, with the notices of all of them. Text from outside has no place here.
  ///
  /// Statements that the script does not wrap in a transaction itself are one transaction; where
  /// it commits on its own, an ERROR proves only that what follows was rolled back.
  @discardableResult
  public func simpleScript(
    _ sql: String, deadline: ContinuousClock.Instant? = nil
  ) throws(LibPQError) -> StatementResult {
    try logging("script") { () throws(LibPQError) in
      try session.script(sql, label: "script", deadline: deadline ?? defaultDeadline)
    }
  }

  /// What libssl says about this connection. Throws `closed` when there is none.
  public var tlsFacts: TLSFacts {
    get throws(LibPQError) { try session.tlsFacts() }
  }

  var defaultDeadline: ContinuousClock.Instant {
    .now + .milliseconds(limits.clientDeadlineMilliseconds)
  }

  func logging<Value>(
    _ statement: String, _ body: () throws(LibPQError) -> Value
  ) throws(LibPQError) -> Value {
    do {
      return try body()
    } catch {
      logger.debug(
        "statement failed",
        metadata: ["statement": "\(statement)", "error": "\(error.debugDescription)"])
      throw error
    }
  }
}
