/// A message that the server raised beside its reply.
public struct Notice: Sendable, Equatable {
  /// `WARNING`, `NOTICE`, ... in English whatever the server's language is.
  public let severity: String
  /// The SQLSTATE; `01000` is a plain warning.
  public let sqlState: String
  /// The primary message, in the server's language.
  public let message: String

  /// Makes a notice.
  public init(severity: String, sqlState: String, message: String) {
    self.severity = severity
    self.sqlState = sqlState
    self.message = message
  }
}

/// The reply to a statement that was done.
public struct StatementResult: Sendable, Equatable {
  /// The rows, none for a command.
  public let rows: ResultRows
  /// How many rows the command touched; 0 for one that touches none.
  public let affectedRows: Int
  /// The server's command tag: `INSERT 0 1`, `COMMIT`, `ROLLBACK`, ...
  public let commandTag: String
  /// What the server raised between this statement's start and its last word.
  public let notices: [Notice]

  /// The notices of severity WARNING. A commit that was not confirmed by the synchronous standby
  /// is told by nothing else, so whoever commits has to look here.
  public var warnings: [Notice] { notices.filter { $0.severity == "WARNING" } }

  /// The only row. Throws `decodeFailed` when there is none or more than one.
  public func singleRow() throws(LibPQError) -> Row {
    guard rows.count == 1 else {
      throw LibPQError(.decodeFailed, "expected one row, the reply has \(rows.count)")
    }
    return rows[0]
  }
}
