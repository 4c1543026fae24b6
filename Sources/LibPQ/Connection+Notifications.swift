/// What someone told a channel by NOTIFY.
public struct ChannelNotification: Sendable, Equatable {
  /// The channel.
  public let channel: String
  /// The text that was sent along, empty if none.
  public let payload: String
  /// The process id of the session that sent it.
  public let processID: Int32

  /// Makes a notification.
  public init(channel: String, payload: String, processID: Int32) {
    self.channel = channel
    self.payload = payload
    self.processID = processID
  }
}

extension Connection {
  /// Begins to listen to a channel. Throws like `execute`, and `invalidParameter` for a name that
  /// is empty or longer than 63 bytes, which the server would cut off.
  public func listen(
    _ channel: String, deadline: ContinuousClock.Instant? = nil
  ) throws(LibPQError) {
    try logging("listen") { () throws(LibPQError) in
      _ = try session.script(
        "LISTEN \(session.quotedIdentifier(channel))", label: "listen",
        deadline: deadline ?? defaultDeadline)
    }
  }

  /// Waits until a notification arrives, `nil` when the deadline passes. Those that arrived
  /// during other calls come first.
  ///
  /// The connection's thread waits, so that other calls on this connection wait too: a listener
  /// wants a connection of its own. Throws `cancelled` when the task is cancelled (the connection
  /// stays open), `closed` when the connection is closed or lost.
  public nonisolated func nextNotification(
    deadline: ContinuousClock.Instant? = nil
  ) async throws(LibPQError) -> ChannelNotification? {
    let result = await withTaskCancellationHandler {
      await waitForNotification(until: deadline)
    } onCancel: {
      // The wait then finds its task cancelled.
      signals.wake.signal()
    }
    return try result.get()
  }

  private func waitForNotification(
    until deadline: ContinuousClock.Instant?
  ) -> Result<ChannelNotification?, LibPQError> {
    defer { session.publishHealth() }
    while true {
      if signals.isCloseRequested { session.finish() }
      guard session.handle != nil else {
        return .failure(LibPQError(.closed, "the connection is closed"))
      }
      let isAlive = session.takeWhatArrived()
      if !session.notifications.isEmpty { return .success(session.notifications.removeFirst()) }
      if !isAlive {
        let last = session.notices.take().last
        let message = last?.message ?? session.connectionMessage()
        session.finish()
        return .failure(
          LibPQError(.closed, "the connection was lost: \(message)", sqlState: last?.sqlState))
      }
      if Task.isCancelled {
        return .failure(LibPQError(.cancelled, "cancelled while waiting for a notification"))
      }
      switch session.wait(reading: true, writing: false, until: deadline) {
      case .ready, .woken: continue
      case .deadlinePassed: return .success(nil)
      }
    }
  }
}
