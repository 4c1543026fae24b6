import Synchronization

/// Texts that one task leaves for another.
final class Answers: Sendable {
  private struct State {
    var texts: [String] = []
    var waiting: [CheckedContinuation<String, Never>] = []
  }

  private let state = Mutex(State())

  func add(_ text: String) {
    let waiting = state.withLock { state in
      state.texts.append(text)
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: text) }
  }

  /// The first text; waits for it.
  func first() async -> String {
    await withCheckedContinuation { continuation in
      let text = state.withLock { state -> String? in
        if let text = state.texts.first { return text }
        state.waiting.append(continuation)
        return nil
      }
      if let text { continuation.resume(returning: text) }
    }
  }
}
