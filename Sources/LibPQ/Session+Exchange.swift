internal import CLibPQ

extension Session {
  /// What the server said to one message.
  struct Exchange {
    var replies: [Reply] = []
    var notices: [Notice] = []

    /// The first error among the replies. It may come after a reply that says done: a deferred
    /// constraint fails when the transaction commits, behind the command's own tag.
    var firstError: ServerError? {
      for case .failed(let error) in replies { return error }
      return nil
    }
  }

  /// Sends one message and takes everything up to the server's "ready for the next".
  ///
  /// Throws `closed` or `notSent` when nothing was sent, `statementFailed` when the server's
  /// ERROR proves that it was rolled back, and `outcomeUnknown` in every other case: then the
  /// connection is closed.
  func exchange(
    _ label: String, deadline: ContinuousClock.Instant, send: (OpaquePointer) -> CInt
  ) throws(LibPQError) -> Exchange {
    let result = try rawExchange(label, deadline: deadline, send: send)
    if let error = result.firstError { throw failure(error, label) }
    return result
  }

  /// The code that an error reply earns; closes the connection if it proves nothing.
  func failure(_ error: ServerError, _ label: String) -> LibPQError {
    switch error.verdict {
    case .rolledBack:
      return error.error(.statementFailed, statement: label)
    case .unknown:
      finish()
      return error.error(.outcomeUnknown, statement: label)
    }
  }

  /// Like `exchange`, and leaves error replies to the caller.
  func rawExchange(
    _ label: String, deadline: ContinuousClock.Instant, send: (OpaquePointer) -> CInt
  ) throws(LibPQError) -> Exchange {
    let handle = try handleReadyToSend(label, deadline: deadline)
    defer { publishHealth() }
    // libpq refuses to send for reasons that were excluded above, or when memory ran out in the
    // middle; what had left by then is not known.
    guard send(handle) == 1 else { throw lost(label, connectionMessage()) }
    try flush(handle, label, deadline: deadline)
    return try collect(handle, label, deadline: deadline)
  }

  private func handleReadyToSend(
    _ label: String, deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> OpaquePointer {
    if signals.isCloseRequested { finish() }
    guard let handle else {
      throw LibPQError(.closed, "the connection is closed", statement: label)
    }
    guard .now < deadline else {
      throw LibPQError(
        .notSent, "the deadline passed before the statement was sent", statement: label)
    }
    // A session that the server ended while it was idle shows here, before anything is sent.
    guard takeWhatArrived() else {
      let last = notices.take().last
      let message = last?.message ?? connectionMessage()
      finish()
      throw LibPQError(
        .notSent, "the connection was lost while it was idle: \(message)",
        sqlState: last?.sqlState, statement: label)
    }
    _ = notices.take()
    return handle
  }

  private func flush(
    _ handle: OpaquePointer, _ label: String, deadline: ContinuousClock.Instant
  ) throws(LibPQError) {
    while true {
      switch PQflush(handle) {
      case 0: return
      case 1: break
      default: throw lost(label, connectionMessage())
      }
      // The server may have to be heard before it listens on.
      if try waitForServer(label, writing: true, deadline: deadline), PQconsumeInput(handle) == 0 {
        return  // `collect` looks at what is left
      }
    }
  }

  private func collect(
    _ handle: OpaquePointer, _ label: String, deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> Exchange {
    var exchange = Exchange()
    var isLost = false
    while true {
      if PQisBusy(handle) == 1 {
        if isLost { break }
        if try waitForServer(label, writing: false, deadline: deadline) {
          isLost = PQconsumeInput(handle) == 0
        }
        continue
      }
      guard let result = PQgetResult(handle) else {
        collectNotifications()
        exchange.notices = notices.take()
        return exchange
      }
      let reply = Reply(consuming: result)
      if case .unusable(let status) = reply { throw lost(label, "unexpected reply \(status)") }
      exchange.replies.append(reply)
    }
    // Lost before "ready". An ERROR that arrived proves the rollback all the same; a "done" that
    // arrived proves nothing, since the commit comes after it.
    if let error = exchange.firstError, error.verdict == .rolledBack {
      finish()
      return exchange
    }
    throw lost(label, connectionMessage(), sqlState: exchange.firstError?.sqlState)
  }

  /// True when the socket is ready. Throws, and closes, at the deadline or when asked to close.
  private func waitForServer(
    _ label: String, writing: Bool, deadline: ContinuousClock.Instant
  ) throws(LibPQError) -> Bool {
    switch wait(reading: true, writing: writing, until: deadline) {
    case .ready: return true
    case .deadlinePassed: throw lost(label, "no reply before the deadline")
    case .woken:
      if signals.isCloseRequested { throw lost(label, "closed while waiting for the reply") }
      return false
    }
  }

  private func lost(_ label: String, _ message: String, sqlState: String? = nil) -> LibPQError {
    finish()
    return LibPQError(.outcomeUnknown, message, sqlState: sqlState, statement: label)
  }
}
