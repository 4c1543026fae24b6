public import Foundation
public import LeaseCore
public import SerialFormat

/// A range of numbers that are neither free nor recorded, and what is known of them.
public struct GapEntry: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    /// Held by a node and not issued.
    case leased
    /// Issued to a subject, and no record carries it.
    case issued
    /// Committed ahead by a node that holds the lease; handed out or not, it has not said yet.
    case committedAhead = "committed-ahead"
    /// Issued in a lease that ended without a word on who got it: never acknowledged after a crash.
    case unacknowledged
    /// The report of a node proved it issued, after the coordinator had forgotten it.
    case carved
    case void
  }

  public let counter: Counter
  public let block: Block
  public let state: State
  public let node: String?
  public let lease: LeaseID?
  public let subject: String?
  public let requestID: RequestID?
  /// When it was issued, granted, closed or struck out.
  public let at: Date?
  /// Why it is void.
  public let reason: String?

  public init(
    counter: Counter, block: Block, state: State, node: String?, lease: LeaseID?, subject: String?,
    requestID: RequestID?, at: Date?, reason: String?
  ) {
    self.counter = counter
    self.block = block
    self.state = state
    self.node = node
    self.lease = lease
    self.subject = subject
    self.requestID = requestID
    self.at = at
    self.reason = reason
  }
}

/// One line of the append-only history.
public struct EventEntry: Sendable, Equatable {
  public let id: Int
  /// Its place in the order of the history.
  public let cursor: EventCursor
  public let at: Date
  public let event: String
  public let counter: Counter?
  public let block: Block?
  public let lease: LeaseID?
  public let node: String?
  public let bootID: BootID?
  /// A JSON object, as it is stored; nil for none.
  public let detail: String?

  public init(
    id: Int, cursor: EventCursor, at: Date, event: String, counter: Counter?, block: Block?,
    lease: LeaseID?, node: String?, bootID: BootID?, detail: String?
  ) {
    self.id = id
    self.cursor = cursor
    self.at = at
    self.event = event
    self.counter = counter
    self.block = block
    self.lease = lease
    self.node = node
    self.bootID = bootID
    self.detail = detail
  }
}

/// Two places of the ledger that do not agree.
public struct Disagreement: Sendable, Equatable {
  /// Which check found it, in words with hyphens.
  public let check: String
  public let counter: Counter?
  public let block: Block?
  public let detail: String

  public init(check: String, counter: Counter?, block: Block?, detail: String) {
    self.check = check
    self.counter = counter
    self.block = block
    self.detail = detail
  }
}

/// How many numbers of a counter were issued on one day (UTC).
public struct DailyIssues: Sendable, Equatable {
  public let counter: Counter
  /// Whole days before today, by the coordinator's clock; 0 is today.
  public let daysAgo: Int
  public let numbers: Int

  public init(counter: Counter, daysAgo: Int, numbers: Int) {
    self.counter = counter
    self.daysAgo = daysAgo
    self.numbers = numbers
  }
}

/// What a subject may use up, and what it has used.
public struct QuotaEntry: Sendable, Equatable {
  public let subject: String
  /// Numbers a minute, at least 1; nil for no limit.
  public let perMinute: Int?
  /// Numbers in a UTC year, at least 1; nil for no limit.
  public let perYear: Int?
  public let usedThisMinute: Int
  public let usedThisYear: Int

  public init(
    subject: String, perMinute: Int?, perYear: Int?, usedThisMinute: Int, usedThisYear: Int
  ) {
    self.subject = subject
    self.perMinute = perMinute
    self.perYear = perYear
    self.usedThisMinute = usedThisMinute
    self.usedThisYear = usedThisYear
  }
}

/// Whether the coordinator grants blocks, and if not what it waits for.
public struct GrantState: Sendable, Equatable {
  public let generation: Int
  public let grantsAreOpen: Bool
  /// Why grants were closed last: `start`, or a suspicion of a node; nil when they never were.
  public let reason: String?
  public let closedAt: Date?
  /// When grants open in any case; nil when only reports or an administrator open them.
  public let opensAt: Date?
  /// Nodes that have not reported yet.
  public let waitingFor: [String]
  /// How long grants wait for reports after a start that nobody found suspicious, in milliseconds.
  public let waitMilliseconds: Int
  /// An administrator vouches that every failover is strictly synchronous: a new timeline is then
  /// treated like a start.
  public let failoverIsSynchronous: Bool

  public init(
    generation: Int, grantsAreOpen: Bool, reason: String?, closedAt: Date?, opensAt: Date?,
    waitingFor: [String], waitMilliseconds: Int = 30_000, failoverIsSynchronous: Bool = false
  ) {
    self.generation = generation
    self.grantsAreOpen = grantsAreOpen
    self.reason = reason
    self.closedAt = closedAt
    self.opensAt = opensAt
    self.waitingFor = waitingFor
    self.waitMilliseconds = waitMilliseconds
    self.failoverIsSynchronous = failoverIsSynchronous
  }
}

/// Which gaps: a counter or all, above a place, so many.
public struct GapQuery: Sendable, Equatable {
  public let kind: CounterKind?
  public let year: Int?
  /// Only ranges that begin above this place in the order kind, year, number; nil from the start.
  public let after: Place?
  /// 1...1000.
  public let limit: Int

  public struct Place: Sendable, Equatable {
    public let counter: Counter
    public let number: Int

    public init(counter: Counter, number: Int) {
      self.counter = counter
      self.number = number
    }
  }

  public init(kind: CounterKind?, year: Int?, after: Place?, limit: Int) {
    self.kind = kind
    self.year = year
    self.after = after
    self.limit = limit
  }
}

/// A place in the history. Events are ordered by the transaction that wrote them: an id alone is given
/// before the commit, so that a later commit may show a lower one.
public struct EventCursor: Sendable, Equatable, Comparable {
  /// The coordinator's transaction id, at least 0.
  public let transaction: Int
  public let id: Int

  /// Before every event.
  public static let start = EventCursor(transaction: 0, id: 0)

  public init(transaction: Int, id: Int) {
    self.transaction = transaction
    self.id = id
  }

  public static func < (left: EventCursor, right: EventCursor) -> Bool {
    (left.transaction, left.id) < (right.transaction, right.id)
  }
}

/// Which events: after a place, so many, of one kind or all.
public struct EventQuery: Sendable, Equatable {
  /// Only events after this place.
  public let after: EventCursor
  /// 1...1000.
  public let limit: Int
  /// Only events of this name; nil for all.
  public let event: String?
  public let node: String?

  public init(
    after: EventCursor = .start, limit: Int, event: String? = nil, node: String? = nil
  ) {
    self.after = after
    self.limit = limit
    self.event = event
    self.node = node
  }
}
