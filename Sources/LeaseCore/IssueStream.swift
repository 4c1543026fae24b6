public import SerialFormat

/// What a machine issues from: the running year's counter of a kind, or the counter of a year that
/// an administrator named.
public struct IssueStream: Hashable, Sendable {
  public let kind: CounterKind
  /// Nil for the running year, which the coordinator's clock decides.
  public let namedYear: Int?

  public init(kind: CounterKind, namedYear: Int? = nil) {
    self.kind = kind
    self.namedYear = namedYear
  }
}
