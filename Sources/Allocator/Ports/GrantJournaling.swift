public import LeaseCore

/// The node's own memory of what it was granted, on its disk: what a coordinator that forgot it is
/// told again (design section 5).
public protocol GrantJournaling: Sendable {
  /// Remembers grants. On the disk when it returns; nothing may be issued from them before.
  func granted(_ grants: [Grant], by facts: CoordinatorFacts) async throws(JournalError)
  /// Remembers how far leases have issued, and how far the coordinator's log had got. Survives the
  /// death of the process; what a machine that loses power forgets of it is at most a second old.
  func progressed(_ issuedThrough: [LeaseID: Int], facts: CoordinatorFacts?)
    async
    throws(JournalError)
  /// Remembers that leases are closed, and what stays issued of them.
  func settled(_ leases: [ReportAnswer.Settled]) async throws(JournalError)
  /// Everything that it remembers.
  func memory() async throws(JournalError) -> JournalMemory
}

/// A lease as it was granted.
public struct Grant: Sendable, Equatable {
  public let lease: LeaseID
  public let boot: BootID
  public let counter: Counter
  public let block: Block

  public init(lease: LeaseID, boot: BootID, counter: Counter, block: Block) {
    self.lease = lease
    self.boot = boot
    self.counter = counter
    self.block = block
  }
}

public struct JournalMemory: Sendable, Equatable {
  /// What the coordinator said of itself last; nil for a node that was never granted anything.
  public let facts: CoordinatorFacts?
  public let holdings: [Holding]

  public init(facts: CoordinatorFacts?, holdings: [Holding]) {
    self.facts = facts
    self.holdings = holdings
  }
}

/// The journal cannot be written or read. Nothing new is issued without it.
public struct JournalError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a person needs to know: which file, and what the system says.
  public let detail: String

  public init(detail: String) { self.detail = detail }

  public var description: String { detail }
}
