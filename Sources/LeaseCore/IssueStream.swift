public import SerialFormat

/// What a machine issues from: the running year's counter of a kind, or the counter of a year that
/// an administrator named; with or without the reserve at the end of the counter.
public struct IssueStream: Hashable, Sendable {
  public let kind: CounterKind
  /// Nil for the running year, which the coordinator's clock decides.
  public let namedYear: Int?
  /// May take the numbers that are kept for administrators.
  public let usesReserve: Bool

  public init(kind: CounterKind, namedYear: Int? = nil, usesReserve: Bool = false) {
    self.kind = kind
    self.namedYear = namedYear
    self.usesReserve = usesReserve
  }
}
