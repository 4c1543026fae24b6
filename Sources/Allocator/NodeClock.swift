import Foundation
public import LeaseCore

/// The node's clocks. They decide when to send something, never whether a number is unique.
public struct NodeClock: Sendable {
  /// Monotonic.
  public let now: @Sendable () -> Instant
  /// The year in UTC.
  public let year: @Sendable () -> Int
  /// Returns after so many milliseconds, or throws `CancellationError`.
  public let sleep: @Sendable (_ milliseconds: Int) async throws -> Void

  public init(
    now: @escaping @Sendable () -> Instant,
    year: @escaping @Sendable () -> Int = { NodeClock.systemYear() },
    sleep: @escaping @Sendable (_ milliseconds: Int) async throws -> Void
  ) {
    self.now = now
    self.year = year
    self.sleep = sleep
  }

  /// The year in UTC by the system's clock.
  public static func systemYear() -> Int {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar.component(.year, from: Date())
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
