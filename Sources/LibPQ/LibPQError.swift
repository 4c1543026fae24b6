/// What went wrong with a connection or a statement.
///
/// `description` is quiet (code and SQLSTATE) so that it may be shown to anyone;
/// `debugDescription` tells everything that is known. Neither ever holds a password, a
/// parameter's value or the values of a row.
public struct LibPQError: Error, Sendable, Equatable {
  /// The closed set of things that can go wrong. Nobody needs to look at a text.
  public enum Code: String, Sendable, Equatable, CaseIterable {
    /// The connection string is malformed or weaker than what is asked for.
    case invalidConnectionString
    /// No server could be reached, or it does not take connections now.
    case connectFailed
    /// The server was reached, and TLS as it is demanded could not be set up with it.
    case tlsRefused
    /// The server refused this role, certificate or database (SQLSTATE class 28).
    case authenticationFailed
    /// The server answered ERROR: the statement was rolled back.
    case statementFailed
    /// The statement is known not to have been sent (at most it was prepared).
    case notSent
    /// The statement was sent, and nothing proves what became of it.
    case outcomeUnknown
    /// The connection was closed before the statement was sent.
    case closed
    /// A parameter cannot be sent, or their number is wrong. Nothing was sent.
    case invalidParameter
    /// The statement was done; its reply is not what the caller expected.
    case decodeFailed
    /// No connection of the pool became free before the deadline. Nothing was sent.
    case poolTimeout
    /// The caller wanted it sent no more when there was a connection for it. Nothing was sent.
    case tooLate
    /// The pool is shut down, or its queue is full. Nothing was sent.
    case poolClosed
    /// The task was cancelled while it waited. Nothing was sent.
    case cancelled
  }

  /// What is known about the effect of the statement that the error belongs to.
  public enum Outcome: String, Sendable, Equatable, CaseIterable {
    /// Nothing ran on the server; trying again is safe.
    case notSent
    /// It ran and was rolled back, which the server's own ERROR proves.
    case rolledBack
    /// It may have been done, may be under way, may never have arrived.
    case unknown
    /// It was done; only its reply could not be read as expected.
    case completed
  }

  /// Which of the closed set.
  public let code: Code
  /// The server's SQLSTATE, if it sent one.
  public let sqlState: String?
  /// What happened, in words, without secrets.
  public let message: String
  /// The name of the violated constraint, if the server gave one.
  public let constraint: String?
  /// The name of the statement.
  public let statement: String?
  /// What may help.
  public let hint: String?

  /// Makes an error.
  public init(
    _ code: Code, _ message: String, sqlState: String? = nil, constraint: String? = nil,
    statement: String? = nil, hint: String? = nil
  ) {
    self.code = code
    self.message = message
    self.sqlState = sqlState
    self.constraint = constraint
    self.statement = statement
    self.hint = hint
  }

  /// What is known about the effect of the statement.
  public var outcome: Outcome {
    switch code {
    case .invalidConnectionString, .connectFailed, .tlsRefused, .authenticationFailed, .notSent,
      .closed, .invalidParameter, .poolTimeout, .tooLate, .poolClosed, .cancelled:
      .notSent
    case .statementFailed: .rolledBack
    case .outcomeUnknown: .unknown
    case .decodeFailed: .completed
    }
  }

  /// The same error under another code, for a caller that knows more about what was sent.
  func with(code: Code, message: String? = nil, statement: String? = nil) -> LibPQError {
    LibPQError(
      code, message ?? self.message, sqlState: sqlState, constraint: constraint,
      statement: statement ?? self.statement, hint: hint)
  }
}

extension LibPQError: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String {
    sqlState.map { "LibPQError(\(code.rawValue), \($0))" } ?? "LibPQError(\(code.rawValue))"
  }

  /// Message and hint, for whoever runs the program: they name hosts and roles, and no secret.
  public var explanation: String {
    let state = sqlState.map { " (SQLSTATE \($0))" } ?? ""
    return message + state + (hint.map { ". \($0)" } ?? "")
  }

  public var debugDescription: String {
    var text = "LibPQError(\(code.rawValue)"
    for (name, value) in [
      ("sqlState", sqlState), ("statement", statement), ("constraint", constraint),
      ("message", message), ("hint", hint),
    ] {
      if let value { text += ", \(name): \(value)" }
    }
    return text + ")"
  }
}
