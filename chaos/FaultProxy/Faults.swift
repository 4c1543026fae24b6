/// One of the two ways through a proxy.
public enum Direction: String, Sendable, Hashable, CaseIterable {
  /// From whoever connected to the proxy: requests.
  case toUpstream = "to-upstream"
  /// From the server behind it: replies.
  case toClient = "to-client"
}

/// How a connection ends.
public enum Ending: String, Sendable, Hashable, CaseIterable {
  /// FIN, after what was forwarded before it.
  case finish
  /// RST, as from a firewall or a machine that started again.
  case reset
}

/// What a way does to the bytes that pass it. All connections through the proxy share the bandwidth.
public struct Shaping: Sendable, Equatable {
  /// Added to each piece, in milliseconds, at least 0.
  public var latencyMilliseconds: Int
  /// Added as well: evenly from 0 to this many milliseconds, by the proxy's seed. The order of the
  /// bytes stays.
  public var jitterMilliseconds: Int
  /// At least 1; nil for no limit.
  public var bytesPerSecond: Int?

  /// Bytes pass at once.
  public static let none = Shaping()

  public init(
    latencyMilliseconds: Int = 0, jitterMilliseconds: Int = 0, bytesPerSecond: Int? = nil
  ) {
    precondition(latencyMilliseconds >= 0 && jitterMilliseconds >= 0)
    precondition(bytesPerSecond.map { $0 >= 1 } ?? true)
    self.latencyMilliseconds = latencyMilliseconds
    self.jitterMilliseconds = jitterMilliseconds
    self.bytesPerSecond = bytesPerSecond
  }
}

/// A cut at a byte that is still to come.
public struct ByteCut: Sendable, Equatable {
  /// On which side of the byte the connection ends.
  public enum Edge: String, Sendable, Hashable, CaseIterable {
    /// When the byte has come, without forwarding it.
    case before
    /// As soon as the byte was forwarded, whether another one comes or not.
    case after
  }

  public var direction: Direction
  /// Counted in each connection from the moment of arming; the first byte is 1.
  public var byte: Int
  public var edge: Edge
  public var ending: Ending

  public init(_ edge: Edge, byte: Int, of direction: Direction, ending: Ending = .reset) {
    precondition(byte >= 1)
    self.direction = direction
    self.byte = byte
    self.edge = edge
    self.ending = ending
  }

  /// How many bytes of a piece may pass, and whether the connection ends then.
  ///
  /// - Parameters:
  ///   - passed: bytes of the direction that passed since the cut was armed.
  ///   - arriving: bytes of the piece, at least 1.
  func judge(passed: Int, arriving: Int) -> (forward: Int, cuts: Bool) {
    switch edge {
    case .before:
      let room = byte - 1 - passed
      return arriving > room ? (max(0, room), true) : (arriving, false)
    case .after:
      let room = byte - passed
      return arriving >= room ? (max(0, room), true) : (arriving, false)
    }
  }
}

/// What went through a proxy since it was started.
public struct Traffic: Sendable, Equatable {
  /// Bytes of one direction.
  public struct Bytes: Sendable, Equatable {
    /// Taken from the sender.
    public internal(set) var received = 0
    /// Given to the receiver.
    public internal(set) var forwarded = 0
  }

  public internal(set) var toUpstream = Bytes()
  public internal(set) var toClient = Bytes()
  /// Connections that were accepted, those that are over included.
  public internal(set) var accepted = 0
  /// Connections that a fault or `cut` ended.
  public internal(set) var cut = 0
  /// Connections that are there now.
  public internal(set) var open = 0

  public subscript(_ direction: Direction) -> Bytes {
    get { direction == .toUpstream ? toUpstream : toClient }
    set {
      switch direction {
      case .toUpstream: toUpstream = newValue
      case .toClient: toClient = newValue
      }
    }
  }
}
