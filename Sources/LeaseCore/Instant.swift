/// A moment on the node's own monotonic clock, in milliseconds. It is passed in: the core has no
/// clock. It decides when to send something, never whether a number is unique (rule 7).
public struct Instant: Hashable, Sendable, Comparable {
  public let milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (left: Instant, right: Instant) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// This moment moved by a number of milliseconds.
  public func advanced(byMilliseconds milliseconds: Int) -> Instant {
    Instant(milliseconds: self.milliseconds + Int64(milliseconds))
  }

  /// Milliseconds from an earlier moment to this one; negative when it is a later one.
  public func milliseconds(since earlier: Instant) -> Int64 {
    milliseconds - earlier.milliseconds
  }
}
