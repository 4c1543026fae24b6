/// A counter, by kind (`job`, `target`) and year.
public struct CounterName: Sendable, Hashable, Codable, Comparable {
  public var kind: String
  public var year: Int

  public init(kind: String, year: Int) {
    self.kind = kind
    self.year = year
  }

  public static func < (left: CounterName, right: CounterName) -> Bool {
    (left.kind, left.year) < (right.kind, right.year)
  }
}

/// The ledger of one counter at a moment, in one snapshot of the coordinator.
public struct LedgerSample: Sendable, Equatable, Codable {
  /// When the answer came.
  public var at: Int
  public var counter: CounterName
  public var capacity: Int
  public var issued: Int
  public var leased: Int
  public var free: Int
  public var void: Int
  /// The coordinator's clock, seconds since 1970.
  public var clock: Double

  public init(
    at: Int, counter: CounterName, capacity: Int, issued: Int, leased: Int, free: Int, void: Int,
    clock: Double
  ) {
    self.at = at
    self.counter = counter
    self.capacity = capacity
    self.issued = issued
    self.leased = leased
    self.free = free
    self.void = void
    self.clock = clock
  }

  public var isBalanced: Bool { issued + leased + free + void == capacity }
}

/// Who held what at a moment: the live leases of one counter, in the order of their numbers.
public struct HoldingsSample: Sendable, Equatable, Codable {
  public struct Holding: Sendable, Equatable, Codable {
    public var node: String
    public var first: Int
    public var last: Int
    /// *Committed through*: first - 1 for nothing.
    public var committed: Int

    public init(node: String, first: Int, last: Int, committed: Int) {
      self.node = node
      self.first = first
      self.last = last
      self.committed = committed
    }
  }

  public var at: Int
  public var counter: CounterName
  public var holdings: [Holding]

  public init(at: Int, counter: CounterName, holdings: [Holding]) {
    self.at = at
    self.counter = counter
    self.holdings = holdings
  }
}

/// One counter of the coordinator when the run was over.
public struct FinalCounter: Sendable, Equatable, Codable {
  /// Numbers that the ledger has as issued or void, with the recipient that the issue log names.
  public struct Line: Sendable, Equatable, Codable {
    public var first: Int
    public var last: Int
    /// `issued`: a line of the issue log says to whom. `unacknowledged`, `committed-ahead`, `carved`,
    /// `void`: as `GET /api/gaps` says.
    public var state: String
    public var node: String?
    /// The client.
    public var subject: String?

    public init(first: Int, last: Int, state: String, node: String?, subject: String?) {
      self.first = first
      self.last = last
      self.state = state
      self.node = node
      self.subject = subject
    }
  }

  public var counter: CounterName
  public var ledger: LedgerSample
  public var lines: [Line]

  public init(counter: CounterName, ledger: LedgerSample, lines: [Line]) {
    self.counter = counter
    self.ledger = ledger
    self.lines = lines
  }
}
