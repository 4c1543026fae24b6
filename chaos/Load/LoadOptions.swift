/// What the clients of a run do.
public struct LoadOptions: Sendable {
  /// Spread over the nodes in turn; each asks its own node.
  public var clients = 12
  /// The pause of a client between two requests, in milliseconds; 0 asks as fast as it is answered.
  public var pauseMilliseconds = 25
  /// How many numbers a request asks for, evenly.
  public var counts = 1...3
  /// One in so many requests is for targets; 0 for none.
  public var targetsOneIn = 5
  /// One in so many requests has an idempotency key, and is repeated at any node until its outcome is
  /// certain; 0 for none.
  public var keysOneIn = 4
  /// A client that is refused for this reason stops asking.
  public var endsWhenExhausted = false
  public var seed: UInt64 = 1

  public init() {}
}
