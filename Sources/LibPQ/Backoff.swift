/// How long to wait before the next attempt: exponential, with full jitter, so that nodes that
/// lost the same server together do not come back together. Pure; randomness is handed in.
public struct Backoff: Sendable, Equatable {
  /// The longest wait before the first repetition, in milliseconds, at least 1.
  public let firstMilliseconds: Int
  /// The longest wait at all, in milliseconds, at least `firstMilliseconds`.
  public let longestMilliseconds: Int

  /// Makes a backoff.
  public init(firstMilliseconds: Int = 50, longestMilliseconds: Int = 2_000) {
    precondition(firstMilliseconds >= 1 && longestMilliseconds >= firstMilliseconds)
    self.firstMilliseconds = firstMilliseconds
    self.longestMilliseconds = longestMilliseconds
  }

  /// The longest wait after failed attempt number `attempt` (the first is 1), in milliseconds.
  public func ceilingMilliseconds(attempt: Int) -> Int {
    precondition(attempt >= 1)
    var ceiling = firstMilliseconds
    for _ in 1..<attempt {
      guard ceiling <= longestMilliseconds / 2 else { return longestMilliseconds }
      ceiling *= 2
    }
    return ceiling
  }

  /// The wait after failed attempt number `attempt`: evenly from 1 to the ceiling, in
  /// milliseconds.
  public func delayMilliseconds(
    attempt: Int, using generator: inout some RandomNumberGenerator
  ) -> Int {
    Int.random(in: 1...ceilingMilliseconds(attempt: attempt), using: &generator)
  }
}
