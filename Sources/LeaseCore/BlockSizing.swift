import SerialFormat

/// How large a block a node asks for, and how much of that the coordinator grants (design
/// section 4, "Block size"). A larger block risks no number; it only saves round trips.
public struct BlockSizing: Sendable, Equatable {
  /// For how long a block should last at the measured rate, in milliseconds.
  public let horizonMilliseconds: Int
  /// The most that a node asks for at once, 1...99,999.
  public let largest: Int

  public init(horizonMilliseconds: Int, largest: Int) {
    self.horizonMilliseconds = max(0, horizonMilliseconds)
    self.largest = min(max(1, largest), Capacity.counter)
  }

  /// What a node asks for: rate x horizon, at least what its requests need, at most `largest`
  /// unless they need more. `needed` is at least 1.
  public func wanted(ratePerSecond: Double, needed: Int) -> Int {
    let forHorizon = ratePerSecond * Double(horizonMilliseconds) / 1000
    let bounded = min(max(0, forHorizon.isFinite ? forHorizon : 0), Double(largest))
    return max(needed, Int(bounded.rounded(.up)), 1)
  }

  /// What the coordinator grants of it: at most a quarter of each live node's share of what is
  /// free, but what the requests need as far as it is there. 0 when nothing is free.
  public static func granted(wanted: Int, needed: Int, free: Int, liveNodes: Int) -> Int {
    min(free, max(needed, min(wanted, free / (4 * max(1, liveNodes)))))
  }
}
