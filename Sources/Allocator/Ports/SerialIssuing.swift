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

  public let kind: CounterKind
  /// 1...1000.
  public let count: Int
  /// For whom: the subject of the caller's token. It is written into the issue log.
  public let subject: String
  /// Names the request in the issue log.
  public let id: RequestID

  public init(kind: CounterKind, count: Int, subject: String, id: RequestID) {
    self.kind = kind
    self.count = count
    self.subject = subject
    self.id = id
  }
}

/// Numbers that were durably recorded as issued before they were returned here.
public struct Allocation: Sendable, Equatable {
  public let counter: Counter
  /// The numbers, in ascending blocks; together as many as were asked for.
  public let blocks: [Block]
  /// The node that issued them.
  public let node: String

  public init(counter: Counter, blocks: [Block], node: String) {
    self.counter = counter
    self.blocks = blocks
    self.node = node
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
