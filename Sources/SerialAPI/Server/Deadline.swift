import Synchronization

/// Waits for something no longer than it may take.
enum Deadline {
  /// What `work` gives, or nil when it takes longer than `limit` or the caller is cancelled.
  ///
  /// Work that is late is cancelled and not waited for: a reading that hangs and does not listen to
  /// cancellation must not hang its caller. Both tasks end with this call or by their cancellation.
  static func within<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async -> Value
  ) async -> Value? {
    let race = Race<Value>()
    let worker = Task { race.finish(await work()) }
    let timer = Task {
      // Cancelled or over: in both cases nobody waits any longer.
      try? await Task.sleep(for: limit)
      race.finish(nil)
    }
    defer {
      worker.cancel()
      timer.cancel()
    }
    return await withTaskCancellationHandler {
      await race.result()
    } onCancel: {
      race.finish(nil)
    }
  }
}

/// The first result of several that may come.
private final class Race<Value: Sendable>: Sendable {
  private enum State {
    case running
    case waiting(CheckedContinuation<Value?, Never>)
    case finished(Value?)
    case over
  }

  private let state = Mutex(State.running)

  func finish(_ value: Value?) {
    let waiting: CheckedContinuation<Value?, Never>? = state.withLock { state in
      switch state {
      case .running:
        state = .finished(value)
        return nil
      case .waiting(let continuation):
        state = .over
        return continuation
      case .finished, .over:
        return nil
      }
    }
    waiting?.resume(returning: value)
  }

  /// Called once.
  func result() async -> Value? {
    await withCheckedContinuation { continuation in
      let finished: Value?? = state.withLock { state in
        switch state {
        case .running:
          state = .waiting(continuation)
          return .none
        case .finished(let value):
          state = .over
          return .some(value)
        case .waiting, .over:
          preconditionFailure("the result is asked for once")
        }
      }
      if case .some(let value) = finished { continuation.resume(returning: value) }
    }
  }
}
