/// The deadlines and names that a session is opened with.
///
/// The server keeps the deadlines in the first place, since libpq 15 sends a cancel request in
/// clear text and so none is ever sent. The client's own deadline lies a little above, and is
/// there for a server or a network that has fallen silent.
public struct SessionLimits: Sendable, Equatable {
  /// What a limit may be, in milliseconds: from one to a day.
  public static let bounds = 1...86_400_000

  /// Shown in `pg_stat_activity`; `nil` takes the connection string's, or `seriald`.
  public var applicationName: String?
  /// `statement_timeout`, in milliseconds.
  public let statementTimeoutMilliseconds: Int
  /// `lock_timeout`, in milliseconds.
  public let lockTimeoutMilliseconds: Int
  /// `idle_in_transaction_session_timeout`, in milliseconds.
  public let idleInTransactionTimeoutMilliseconds: Int
  /// How far the client's deadline lies above the server's, in milliseconds.
  public let clientMarginMilliseconds: Int

  /// Makes limits. Every value must lie within `bounds`; "no limit" cannot be said.
  public init(
    applicationName: String? = nil, statementTimeoutMilliseconds: Int = 5_000,
    lockTimeoutMilliseconds: Int = 2_000, idleInTransactionTimeoutMilliseconds: Int = 5_000,
    clientMarginMilliseconds: Int = 1_000
  ) {
    for value in [
      statementTimeoutMilliseconds, lockTimeoutMilliseconds, idleInTransactionTimeoutMilliseconds,
      clientMarginMilliseconds,
    ] {
      precondition(Self.bounds.contains(value), "limit \(value) ms is not within \(Self.bounds)")
    }
    self.applicationName = applicationName
    self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
    self.lockTimeoutMilliseconds = lockTimeoutMilliseconds
    self.idleInTransactionTimeoutMilliseconds = idleInTransactionTimeoutMilliseconds
    self.clientMarginMilliseconds = clientMarginMilliseconds
  }

  /// For requests: 5 s a statement, 2 s a lock.
  public static let standard = SessionLimits()
  /// For migrations: 10 min a statement, 10 s a lock.
  public static let migration = SessionLimits(
    statementTimeoutMilliseconds: 600_000, lockTimeoutMilliseconds: 10_000,
    idleInTransactionTimeoutMilliseconds: 60_000, clientMarginMilliseconds: 5_000)

  /// How long the client waits for a reply when the caller names no deadline, in milliseconds.
  public var clientDeadlineMilliseconds: Int {
    statementTimeoutMilliseconds + clientMarginMilliseconds
  }

  /// The settings of the session, applied right after connecting.
  ///
  /// `client_min_messages` is pinned because a synchronous commit that was not confirmed is
  /// reported by nothing but a WARNING. The isolation level is pinned because functions that
  /// lock first rely on seeing, in their next statement, what they have locked. The formats are
  /// pinned because values are decoded from text. Compiling a query (jit) would cost more than any
  /// of ours takes.
  var settings: [(name: String, value: String)] {
    [
      ("statement_timeout", "\(statementTimeoutMilliseconds)"),
      ("lock_timeout", "\(lockTimeoutMilliseconds)"),
      ("idle_in_transaction_session_timeout", "\(idleInTransactionTimeoutMilliseconds)"),
      ("client_min_messages", "warning"),
      ("default_transaction_isolation", "read committed"),
      ("default_transaction_read_only", "off"),
      ("datestyle", "ISO, YMD"),
      ("timezone", "UTC"),
      ("bytea_output", "hex"),
      ("standard_conforming_strings", "on"),
      ("jit", "off"),
    ]
  }
}
