internal import Logging
internal import Synchronization

extension ConnectionPool {
  /// What is done outside the lock.
  private enum Effect {
    case resume(CheckedContinuation<Lease, Never>, Lease)
    case close(Connection)
    case drained(CheckedContinuation<Void, Never>)
  }

  /// Tells the state machine about an event and does what it says.
  func perform(_ event: (inout PoolStateMachine) -> [PoolStateMachine.Action]) {
    let effects = shared.withLock { shared in
      event(&shared.machine).compactMap { effect(of: $0, &shared) }
    }
    for effect in effects {
      switch effect {
      case .resume(let continuation, let lease): continuation.resume(returning: lease)
      // With the last reference goes the socket, and then the thread.
      case .close(let connection): connection.interrupt()
      case .drained(let continuation): continuation.resume()
      }
    }
  }

  /// The bookkeeping of one action. Streams are fed under the lock, so that the order of their
  /// elements is the order of the events.
  private func effect(of action: PoolStateMachine.Action, _ shared: inout Shared) -> Effect? {
    switch action {
    case .lease(let id, let waiter):
      guard let continuation = shared.waiters.removeValue(forKey: waiter),
        let connection = shared.connections[id]
      else { preconditionFailure("lease of \(id) to \(waiter), which are not both there") }
      return .resume(continuation, .success(Leased(id: id, connection: connection)))
    case .fail(let waiter, let error):
      return shared.waiters.removeValue(forKey: waiter).map { .resume($0, .failure(error)) }
    case .connect(let id):
      shared.unstarted.insert(id)
      workEntry.yield(.connect(id))
      return nil
    case .scheduleRetry(let attempt):
      workEntry.yield(.retry(attempt: attempt))
      return nil
    case .close(let id):
      return shared.connections.removeValue(forKey: id).map { .close($0) }
    case .report(let state):
      stateEntry.yield(state)
      if state == .closed { stateEntry.finish() }
      return nil
    case .drained:
      shared.isDrained = true
      defer { shared.drainWaiter = nil }
      return shared.drainWaiter.map { .drained($0) }
    }
  }

  /// One attempt to connect, or one wait before it. Runs in a child task of `run()`.
  func start(_ work: Work) async {
    switch work {
    case .connect(let id): await connect(id)
    case .retry(let attempt): await retry(after: attempt)
    }
  }

  /// A cancelled stream drops what is in it; the machine waits for an answer to each attempt.
  func abandonUnstarted() {
    let ids = shared.withLock { shared in
      defer { shared.unstarted = [] }
      return shared.unstarted
    }
    let error = LibPQError(.cancelled, "the pool was shut down before it connected")
    for id in ids { perform { $0.connectFailed(id, error) } }
  }

  private func connect(_ id: PoolStateMachine.ConnectionID) async {
    _ = shared.withLock { $0.unstarted.remove(id) }
    do {
      let connection = try await Connection.connect(options, limits: limits, logger: logger)
      shared.withLock { $0.connections[id] = connection }
      perform { $0.connected(id) }
    } catch {
      logger.warning(
        "could not connect to the server",
        metadata: ["server": "\(options)", "error": "\(error.debugDescription)"])
      perform { $0.connectFailed(id, error) }
    }
  }

  private func retry(after attempt: Int) async {
    var random = SystemRandomNumberGenerator()
    let delay = configuration.backoff.delayMilliseconds(attempt: attempt, using: &random)
    do {
      try await Task.sleep(for: .milliseconds(delay))
      perform { $0.retryIsDue() }
    } catch {
      // The pool is being shut down.
    }
  }
}
