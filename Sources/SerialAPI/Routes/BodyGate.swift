import Synchronization

/// Lets a bounded number of requests with long bodies in at once, in the order in which they came; the body of
/// one that waits is not read. So what the bodies take of the memory is bounded, however many clients there are.
final class BodyGate: Sendable {
  private struct State {
    var free: Int
    var turns = 0
    /// In order.
    var waiting: [(turn: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    /// Those that were cancelled before they began to wait.
    var givenUp: Set<Int> = []
  }

  private let state: Mutex<State>

  /// - Parameter places: how many are let in at once, 1 or more.
  init(places: Int) {
    precondition(places > 0, "\(places) places")
    state = Mutex(State(free: places))
  }

  /// How many wait.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Runs `body` when there is a place. Throws `CancellationError` when its task is cancelled before.
  func through<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    try await enter()
    defer { leave() }
    return try await body()
  }

  private func enter() async throws {
    let turn: Int? = state.withLock { state in
      if state.free > 0 {
        state.free -= 1
        return nil
      }
      state.turns += 1
      return state.turns
    }
    guard let turn else { return }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let mayGo: Bool? = state.withLock { state in
          if state.givenUp.remove(turn) != nil { return false }
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiting.append((turn, continuation))
          return nil
        }
        switch mayGo {
        case true: continuation.resume()
        case false: continuation.resume(throwing: CancellationError())
        case nil: break
        }
      }
    } onCancel: {
      let continuation: CheckedContinuation<Void, any Error>? = state.withLock { state in
        guard let index = state.waiting.firstIndex(where: { $0.turn == turn }) else {
          state.givenUp.insert(turn)
          return nil
        }
        return state.waiting.remove(at: index).continuation
      }
      continuation?.resume(throwing: CancellationError())
    }
    // cancelled after it was let in: nobody takes the mark away
    state.withLock { _ = $0.givenUp.remove(turn) }
  }

  /// Hands the place on.
  private func leave() {
    let next: CheckedContinuation<Void, any Error>? = state.withLock { state in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
      state.free += 1
      return nil
    }
    next?.resume()
  }
}
