import Synchronization

/// Whether the client of a connection is still there.
///
/// The channel's handler says when it leaves; a request that waits for something costly listens.
final class ClientPresence: Sendable {
  /// The connection that the running task serves.
  @TaskLocal static var current: ClientPresence?

  private struct State {
    var isGone = false
    var isEnding = false
    var next = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Mutex(State())

  var isGone: Bool { state.withLock { $0.isGone } }

  /// Whether the connection ends with the answer at hand or has ended: a request that comes after it
  /// would have no answer, and must not be begun.
  var isEnding: Bool { state.withLock { $0.isEnding || $0.isGone } }

  /// The connection ends with the answer at hand. What is under way goes on.
  func endAfterAnswer() { state.withLock { $0.isEnding = true } }

  /// The client closed its side, or the connection broke. It does not come back.
  func leave() {
    let waiting = state.withLock { state in
      state.isGone = true
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume() }
  }

  /// Returns when the client has gone or the task is cancelled.
  func untilGone() async {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now = state.withLock { state in
          // A cancellation that came first has found nobody waiting.
          guard !state.isGone, !Task.isCancelled else { return true }
          state.waiting[id] = continuation
          return false
        }
        if now { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
    }
  }

  /// Runs `work`, and cancels it when the client goes.
  func whilePresent<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let outcome = await withTaskGroup(of: Result<Value, Failure>?.self) { group in
      group.addTask {
        do throws(Failure) { return .success(try await work()) } catch { return .failure(error) }
      }
      group.addTask {
        await self.untilGone()
        return nil
      }
      // Whatever ends first ends the other; the work's own answer counts in any case.
      var outcome: Result<Value, Failure>?
      for await result in group {
        group.cancelAll()
        if let result { outcome = result }
      }
      return outcome
    }
    guard let outcome else { preconditionFailure("the work always gives a result") }
    return try outcome.get()
  }
}
