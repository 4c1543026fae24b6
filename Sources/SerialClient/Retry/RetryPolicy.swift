/// When a call is sent again and how long it waits before.
///
/// A node that failed is asked again after a pause that starts at `firstPause` and doubles up to
/// `longestPause`; a random part of it, up to a half, is left out, so that many clients do not come
/// back in the same moment. A `Retry-After` of the node is never cut.
public struct RetryPolicy: Sendable, Equatable {
  /// Above 0.
  public var firstPause: Duration
  /// Not below `firstPause`.
  public var longestPause: Duration
  /// How long one node may take for one attempt; then another one is asked.
  public var attemptTimeout: Duration
  /// How often one call asks one node; nil as often as fits into its deadline.
  public var attemptsPerNode: Int?
  /// How long a node that failed is asked after all others.
  public var avoidance: Duration

  public init(
    firstPause: Duration = .milliseconds(100), longestPause: Duration = .seconds(3),
    attemptTimeout: Duration = .seconds(10), attemptsPerNode: Int? = nil,
    avoidance: Duration = .seconds(10)
  ) {
    self.firstPause = firstPause
    self.longestPause = longestPause
    self.attemptTimeout = attemptTimeout
    self.attemptsPerNode = attemptsPerNode
    self.avoidance = avoidance
  }

  /// The pause after so many failures of a node, at least 1; `random` is 0..<1.
  func pause(afterFailures count: Int, random: Double) -> Duration {
    var pause = firstPause
    var doubled = 1
    while doubled < count, pause < longestPause {
      pause = pause * 2
      doubled += 1
    }
    return min(pause, longestPause) * (1 - random / 2)
  }
}
