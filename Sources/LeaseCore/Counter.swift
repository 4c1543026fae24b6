public import SerialFormat

/// A counter: all numbers of one kind in one year. Its numbers are 1...99,999.
public struct Counter: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let kind: CounterKind
  /// The year in UTC, 2000...9999.
  public let year: Int

  public init(kind: CounterKind, year: Int) {
    self.kind = kind
    self.year = year
  }

  public static func < (left: Counter, right: Counter) -> Bool {
    (left.kind, left.year) < (right.kind, right.year)
  }

  public var description: String { "\(kind.rawValue) \(year)" }
}
