import Logging
import Synchronization
import Testing

@testable import SerialClient

/// Time that passes only in pauses, and then at once. The time of an attempt is over when
/// `attemptEnds` says so, which can be once; else it is never.
final class TestWorld: Sendable {
  private struct State {
    var now = Duration.zero
    var pauses: [Duration] = []
    var keys = 0
  }

  private let state = Mutex(State())
  private let attemptEnds: AsyncStream<Void>?

  init(attemptEnds: AsyncStream<Void>? = nil) { self.attemptEnds = attemptEnds }

  /// The times at which pauses ended.
  var pauses: [Duration] { state.withLock { $0.pauses } }

  func advance(to time: Duration) { state.withLock { $0.now = max($0.now, time) } }

  var surroundings: Surroundings {
    Surroundings(
      now: { self.state.withLock { $0.now } },
      pause: { until in
        try Task.checkCancellation()
        self.state.withLock { state in
          state.now = max(state.now, until)
          state.pauses.append(until)
        }
      },
      timer: { until in
        if let ends = self.attemptEnds {
          for await _ in ends {
            self.advance(to: until)
            return
          }
        }
        // Longer than any test: it ends with the attempt.
        try await ContinuousClock().sleep(for: .seconds(3600))
      },
      random: { 0 },
      newKey: {
        self.state.withLock { state in
          state.keys += 1
          return "made-\(state.keys)"
        }
      })
  }

  func client(
    _ nodes: [String], deadline: Duration = .seconds(30), largestAnswerBytes: Int = 1_000_000,
    authority: String? = nil, retry: RetryPolicy = RetryPolicy(),
    token: SerialClient.TokenSource? = { "a token" },
    _ body: (SerialClient) async throws -> Void
  ) async throws {
    let client = try SerialClient(
      ClientConfiguration(
        nodes: nodes, certificateAuthorityFile: authority, deadline: deadline,
        largestAnswerBytes: largestAnswerBytes, retry: retry), token: token,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, surroundings: surroundings)
    do { try await body(client) } catch { Issue.record(error) }
    try await client.shutdown()
  }
}

/// The error that a call ends with.
func failure<Value>(
  _ call: () async throws(SerialClientError) -> Value, location: SourceLocation = #_sourceLocation
) async throws -> SerialClientError {
  do throws(SerialClientError) {
    _ = try await call()
  } catch { return error }
  throw try #require(nil as SerialClientError?, "the call succeeded", sourceLocation: location)
}
