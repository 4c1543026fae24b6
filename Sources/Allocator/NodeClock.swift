public import LeaseCore

/// The node's monotonic clock. It decides when to send something, never whether a number is unique.
public struct NodeClock: Sendable {
  public let now: @Sendable () -> Instant
  /// Returns after so many milliseconds, or throws `CancellationError`.
  public let sleep: @Sendable (_ milliseconds: Int) async throws -> Void

  public init(
    now: @escaping @Sendable () -> Instant,
    sleep: @escaping @Sendable (_ milliseconds: Int) async throws -> Void
  ) {
    self.now = now
    self.sleep = sleep
  }

  /// The system's continuous clock: it goes on while the machine sleeps.
  public static let continuous: NodeClock = {
    let start = ContinuousClock.now
    return NodeClock(
      now: {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return Instant(milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
      },
      sleep: { try await ContinuousClock().sleep(for: .milliseconds($0)) })
  }()
}
