internal import Synchronization

extension ConnectionPool {
  /// Waits for a connection until the deadline.
  func acquire(deadline: ContinuousClock.Instant) async -> Lease {
    let waiter = shared.withLock { shared in
      shared.lastWaiter += 1
      return shared.lastWaiter
    }
    return await withTaskCancellationHandler {
      // Ends with this scope, whichever answer comes first.
      async let _ = expire(waiter, at: deadline)
      return await withCheckedContinuation { continuation in
        shared.withLock { $0.waiters[waiter] = continuation }
        perform { $0.acquire(waiter) }
        // The handler below may have run before there was anything to give up.
        if Task.isCancelled { giveUpCancelled(waiter) }
        if .now >= deadline { giveUpExpired(waiter) }
      }
    } onCancel: {
      giveUpCancelled(waiter)
    }
  }

  private func expire(_ waiter: Int, at deadline: ContinuousClock.Instant) async {
    do {
      try await Task.sleep(until: deadline, clock: .continuous)
      giveUpExpired(waiter)
    } catch {
      // Cancelled: the waiter has its answer, or its whole task is cancelled.
    }
  }

  private func giveUpExpired(_ waiter: Int) {
    let error = LibPQError(.poolTimeout, "no connection became free before the deadline")
    perform { $0.giveUp(waiter, error) }
  }

  private func giveUpCancelled(_ waiter: Int) {
    let error = LibPQError(.cancelled, "cancelled while waiting for a connection")
    perform { $0.giveUp(waiter, error) }
  }
}
