import SerialFormat

/// How far a node lets *committed through* run ahead of what it hands out (design section 4,
/// "Commit-ahead"). Every number of it is at risk in one crash, so it is 0 unless asked for.
public struct CommitAhead: Sendable, Equatable {
  /// Kept committed ahead while a stream is in use, 0...99,999: an operator's choice.
  public let floor: Int
  /// The most that the measured rate may ask for, 0...99,999; 0 turns the adaptive part off.
  public let largest: Int

  public static let none = CommitAhead(floor: 0, largest: 0)

  public init(floor: Int, largest: Int) {
    self.floor = min(max(0, floor), Capacity.counter)
    self.largest = min(max(0, largest), Capacity.counter)
  }

  /// rate x round trip x 2, at most `largest`, at least `floor`. What is less than one number for a
  /// near node is nothing.
  public func target(ratePerSecond: Double, roundTripMilliseconds: Double) -> Int {
    let flow = ratePerSecond * roundTripMilliseconds / 1000 * 2
    let bounded = min(max(0, flow.isFinite ? flow : 0), Double(largest))
    return max(floor, Int(bounded))
  }
}
