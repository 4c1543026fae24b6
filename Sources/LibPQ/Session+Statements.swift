internal import CLibPQ
internal import Glibc

extension Session {
  /// Executes a statement, prepared once on this connection.
  func execute(
    _ statement: Statement, _ parameters: [Parameter], deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> StatementResult {
    let values = try Self.wireTexts(statement, parameters)
    var result = try executePrepared(statement, values, deadline: deadline)
    if let error = result.firstError, error.asksToPrepareAgain, error.verdict == .rolledBack {
      try forget(statement, deadline: deadline)
      // Within a transaction the error has already cost it; the caller has to begin again.
      guard signals.health == .ready else { throw failure(error, statement.name) }
      result = try executePrepared(statement, values, deadline: deadline)
    }
    if let error = result.firstError { throw failure(error, statement.name) }
    return try Self.result(of: result)
  }

  /// Runs SQL text of any number of statements, without parameters.
  func script(
    _ sql: String, label: String, deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> StatementResult {
    guard !sql.utf8.contains(0) else {
      throw LibPQError(.invalidParameter, "SQL with a NUL byte cannot be sent", statement: label)
    }
    return try Self.result(
      of: exchange(label, deadline: deadline) { handle in PQsendQuery(handle, sql) })
  }

  /// Runs one statement with parameters that is not worth preparing.
  func once(
    _ sql: String, _ values: [String?], label: String, deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> StatementResult {
    try Self.result(
      of: exchange(label, deadline: deadline) { handle in
        withCStrings(values) { pointers in
          PQsendQueryParams(handle, sql, CInt(values.count), nil, pointers, nil, nil, 0)
        }
      })
  }

  /// A name as SQL writes it, quoted by libpq. Throws `invalidParameter` for one that cannot be.
  func quotedIdentifier(_ name: String) throws(LibPQError) -> String {
    guard let handle else { throw LibPQError(.closed, "the connection is closed") }
    guard !name.isEmpty, name.utf8.count < 64, !name.utf8.contains(0),
      let quoted = PQescapeIdentifier(handle, name, name.utf8.count)
    else {
      throw LibPQError(.invalidParameter, "a name has 1 to 63 bytes and no NUL")
    }
    defer { PQfreemem(quoted) }
    return String(cString: quoted)
  }

  private static func wireTexts(
    _ statement: Statement, _ parameters: [Parameter]
  ) throws(LibPQError) -> [String?] {
    guard parameters.count == statement.parameterCount else {
      throw LibPQError(
        .invalidParameter,
        "the statement takes \(statement.parameterCount) parameters, got \(parameters.count)",
        statement: statement.name)
    }
    var values: [String?] = []
    values.reserveCapacity(parameters.count)
    for (position, parameter) in parameters.enumerated() {
      do {
        values.append(try parameter.wireText())
      } catch {
        throw error.with(
          code: .invalidParameter, message: "$\(position + 1): \(error.message)",
          statement: statement.name)
      }
    }
    return values
  }

  private func executePrepared(
    _ statement: Statement, _ values: [String?], deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> Exchange {
    let name = try prepare(statement, deadline: deadline)
    return try rawExchange(statement.name, deadline: deadline) { handle in
      withCStrings(values) { pointers in
        PQsendQueryPrepared(handle, name, CInt(values.count), pointers, nil, nil, 0)
      }
    }
  }

  /// The statement's name on the server. Whatever fails here, the statement itself was not sent.
  private func prepare(
    _ statement: Statement, deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> String {
    if let name = prepared[statement.sql] { return name }
    guard !statement.sql.utf8.contains(0), !statement.name.utf8.contains(0) else {
      throw LibPQError(.invalidParameter, "SQL with a NUL byte cannot be sent")
    }
    preparedCount += 1
    let name = "\(statement.name)_\(preparedCount)"
    do {
      _ = try exchange(statement.name, deadline: deadline) { handle in
        PQsendPrepare(handle, name, statement.sql, 0, nil)
      }
    } catch {
      throw error.code == .outcomeUnknown
        ? error.with(code: .notSent, message: "while it was prepared: \(error.message)") : error
    }
    prepared[statement.sql] = name
    return name
  }

  /// Lets go of a prepared statement that the server has no use for any more.
  private func forget(
    _ statement: Statement, deadline: ContinuousClock.Instant
  ) throws(LibPQError) {
    guard let name = prepared.removeValue(forKey: statement.sql), signals.health == .ready else {
      return
    }
    do {
      _ = try script(
        "DEALLOCATE \(quotedIdentifier(name))", label: statement.name, deadline: deadline)
    } catch {
      switch error.outcome {
      case .rolledBack, .completed: return  // 26000: it is gone, which is what was wanted
      case .unknown, .notSent:
        // The statement was rolled back before, and nothing but DEALLOCATE was sent since.
        throw error.with(code: .notSent)
      }
    }
  }

  /// The last reply, with the notices of all.
  private static func result(of exchange: Exchange) throws(LibPQError) -> StatementResult {
    guard case .done(let rows, let affectedRows, let commandTag) = exchange.replies.last else {
      throw LibPQError(.decodeFailed, "the server sent no reply")
    }
    return StatementResult(
      rows: rows, affectedRows: affectedRows, commandTag: commandTag, notices: exchange.notices)
  }
}

/// Gives C an array of strings for the duration of a call; `nil` stays a null pointer.
func withCStrings<Result>(
  _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { $0.map { strdup($0) } ?? nil }
  defer { for copy in copies { free(copy) } }
  // One more, so that the array has an address even when it is empty, and an end.
  return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("an array of at least one") }
    return body(base)
  }
}
