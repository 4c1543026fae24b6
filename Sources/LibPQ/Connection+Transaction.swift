extension Connection {
  /// Runs `body` between BEGIN and COMMIT: for migrations. The connection must not be shared
  /// meanwhile, since whatever else it executes becomes part of the transaction.
  ///
  /// - Parameters:
  ///   - deadline: for BEGIN and COMMIT, each; the limits' own if none is given.
  ///
  /// When `body` throws, it is rolled back and the error thrown on. A COMMIT with a warning is
  /// `outcomeUnknown` (a standby has not confirmed it), and so is one whose reply was lost. A
  /// COMMIT that the server answers with ROLLBACK is `statementFailed`.
  public func transaction<Value: Sendable>(
    deadline: ContinuousClock.Instant? = nil,
    _ body: @Sendable (isolated Connection) async throws -> Value
  ) async throws -> Value {
    try simpleScript("BEGIN", deadline: deadline)
    let value: Value
    do {
      value = try await body(self)
    } catch {
      // The connection goes if it cannot be rolled back, and the transaction with it.
      do {
        try simpleScript("ROLLBACK", deadline: deadline)
      } catch {
        session.finish()
      }
      throw error
    }
    let result = try simpleScript("COMMIT", deadline: deadline)
    guard result.commandTag == "COMMIT" else {
      throw LibPQError(
        .statementFailed, "COMMIT was answered with \(result.commandTag)", statement: "COMMIT")
    }
    if let warning = result.warnings.first {
      throw LibPQError(
        .outcomeUnknown, "COMMIT raised a warning: \(warning.message)",
        sqlState: warning.sqlState, statement: "COMMIT")
    }
    return value
  }
}
