public import LeaseCore
public import SerialFormat

/// What the node's interface asks of the allocator: numbers, each of them once.
public protocol SerialIssuing: Sendable {
  /// Gives `request.count` numbers that nobody was ever given, or says why not.
  ///
  /// Cancelling the task ends the wait; what was committed for it goes back to the node's stock.
  func allocate(_ request: AllocationRequest) async throws(AllocationError) -> Allocation

  /// Whether the node can issue at this moment.
  func readiness() async -> Readiness
}

/// One caller's wish for numbers of one kind.
public struct AllocationRequest: Sendable, Equatable {
  /// How many numbers one request may ask for (design section 8).
  public static let countRange = 1...1000
  /// The first year that a serial can be of.
  public static let firstYear = 2000

  public let kind: CounterKind
  /// 1...1000.
  public let count: Int
  /// For whom: the subject of the caller's token. It is written into the issue log.
  public let subject: String
  /// Names the request in the issue log.
  public let id: RequestID
  /// A year that an administrator named, 2000 to the one after the running one; nil for the running
  /// one, which the coordinator's clock decides.
  public let year: Int?
  /// An administrator's request may take the numbers of the reserve when nothing else is left.
  public let mayUseReserve: Bool
  /// Makes the request repeatable.
  public let key: IdempotencyKey?
  /// Rows of `public.jobs` or `public.universal_targets` that are inserted in the transaction which
  /// makes the numbers issued: one for each number, in ascending order of the numbers; or none. JSON
  /// objects without NUL, whose keys are names of columns; a key that is absent or null means the
  /// column's default.
  public let records: [String]

  /// - Parameter records: empty, or as many as `count`.
  public init(
    kind: CounterKind, count: Int, subject: String, id: RequestID, year: Int? = nil,
    mayUseReserve: Bool = false, key: IdempotencyKey? = nil, records: [String] = []
  ) {
    self.kind = kind
    self.count = count
    self.subject = subject
    self.id = id
    self.year = year
    self.mayUseReserve = mayUseReserve
    self.key = key
    self.records = records
  }
}

/// Numbers that were durably recorded as issued before they were returned here.
public struct Allocation: Sendable, Equatable {
  public let counter: Counter
  /// The numbers, in ascending blocks; together as many as were asked for.
  public let blocks: [Block]
  /// The node that answers.
  public let node: String
  /// An earlier request with the same idempotency key got them.
  public let isReplay: Bool

  public init(counter: Counter, blocks: [Block], node: String, isReplay: Bool = false) {
    self.counter = counter
    self.blocks = blocks
    self.node = node
    self.isReplay = isReplay
  }
}

/// Whether a node can issue, and if not why.
public enum Readiness: Sendable, Equatable {
  case ready
  /// Not registered with the coordinator yet.
  case starting(String)
  /// The coordinator cannot be reached.
  case coordinatorAway(String)
  /// The node gives everything back and issues no more.
  case draining
  /// Another process registered under this node's name.
  case superseded
}
