public import Foundation
public import LeaseCore

/// What the cluster holds and did, read from the coordinator.
public protocol ClusterReading: Sendable {
  /// One entry for each counter with anything in it, and for the two counters of this year.
  func ledger() async throws(CoordinatorError) -> [LedgerEntry]
  func nodes() async throws(CoordinatorError) -> [NodeEntry]
  /// Live leases, by counter and first number.
  func leases() async throws(CoordinatorError) -> [LeaseEntry]
  /// Where one number of one counter is.
  func number(_ number: Int, of counter: Counter) async throws(CoordinatorError) -> NumberEntry
  /// Ranges that are neither free nor recorded, by counter and number.
  func gaps(_ query: GapQuery) async throws(CoordinatorError) -> [GapEntry]
  /// The append-only history, by cursor. An event that is not shown yet comes after all that are.
  func events(_ query: EventQuery) async throws(CoordinatorError) -> [EventEntry]
  /// Holds ledger, issue log, leases, keys and records against each other; empty when all agree.
  func verify() async throws(CoordinatorError) -> [Disagreement]
  /// Numbers issued on each of the last 28 days and today; days without any are left out.
  func history() async throws(CoordinatorError) -> [DailyIssues]
  /// By subject.
  func quotas() async throws(CoordinatorError) -> [QuotaEntry]
  func grants() async throws(CoordinatorError) -> GrantState
  /// Facts about the connection to the coordinator; nil while there is none.
  func connectionFacts() async -> ConnectionFacts?
}

/// One counter of the ledger: issued + leased + free + void = capacity, at every commit.
public struct LedgerEntry: Sendable, Equatable {
  public let counter: Counter
  public let capacity: Int
  public let issued: Int
  public let leased: Int
  public let free: Int
  public let void: Int
  /// Numbers at the end that need the administrator's scope; 0 by default.
  public let reserve: Int
  public let frozen: Bool

  public init(
    counter: Counter, capacity: Int, issued: Int, leased: Int, free: Int, void: Int,
    reserve: Int, frozen: Bool
  ) {
    self.counter = counter
    self.capacity = capacity
    self.issued = issued
    self.leased = leased
    self.free = free
    self.void = void
    self.reserve = reserve
    self.frozen = frozen
  }
}

public struct NodeEntry: Sendable, Equatable {
  public let node: String
  public let region: String
  /// `active`, `draining` once its process was told to give everything back, or `retired`.
  public let state: String
  /// Whether its process was heard of within its time to live.
  public let live: Bool
  public let bootID: BootID?
  public let startedAt: Date?
  public let lastSeenAt: Date?
  /// How many live leases it has, and how many numbers it may still issue from them.
  public let leases: Int
  public let leasedNumbers: Int

  public init(
    node: String, region: String, state: String, live: Bool, bootID: BootID?, startedAt: Date?,
    lastSeenAt: Date?, leases: Int, leasedNumbers: Int
  ) {
    self.node = node
    self.region = region
    self.state = state
    self.live = live
    self.bootID = bootID
    self.startedAt = startedAt
    self.lastSeenAt = lastSeenAt
    self.leases = leases
    self.leasedNumbers = leasedNumbers
  }
}

public struct LeaseEntry: Sendable, Equatable {
  public let id: LeaseID
  public let node: String
  public let counter: Counter
  public let block: Block
  /// The highest number that is durably recorded as issued; `block.first - 1` when none is.
  public let committedThrough: Int
  /// Committed numbers without a recipient yet: what a crash of the holder costs at most.
  public let atRisk: Int
  public let grantedAt: Date
  public let expiresAt: Date
  public let recalledAt: Date?

  public init(
    id: LeaseID, node: String, counter: Counter, block: Block, committedThrough: Int,
    atRisk: Int = 0, grantedAt: Date, expiresAt: Date, recalledAt: Date?
  ) {
    self.id = id
    self.node = node
    self.counter = counter
    self.block = block
    self.committedThrough = committedThrough
    self.atRisk = atRisk
    self.grantedAt = grantedAt
    self.expiresAt = expiresAt
    self.recalledAt = recalledAt
  }
}

/// Where one number is, and what the issue log knows of it.
public struct NumberEntry: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable { case issued, leased, free, void }

  public let state: State
  /// The node that issued it, or that holds it in a lease.
  public let node: String?
  public let subject: String?
  public let requestID: RequestID?
  public let issuedAt: Date?

  public init(
    state: State, node: String? = nil, subject: String? = nil, requestID: RequestID? = nil,
    issuedAt: Date? = nil
  ) {
    self.state = state
    self.node = node
    self.subject = subject
    self.requestID = requestID
    self.issuedAt = issuedAt
  }
}

/// The TLS facts of the connection to the coordinator.
public struct ConnectionFacts: Sendable, Equatable {
  /// `TLSv1.3`, for example.
  public let tlsProtocol: String
  public let cipher: String
  /// Subject of the coordinator's certificate.
  public let certificateSubject: String
  /// When that certificate ends.
  public let certificateEnd: Date

  public init(tlsProtocol: String, cipher: String, certificateSubject: String, certificateEnd: Date)
  {
    self.tlsProtocol = tlsProtocol
    self.cipher = cipher
    self.certificateSubject = certificateSubject
    self.certificateEnd = certificateEnd
  }
}
