public import LeaseCore

/// What the coordinator says of itself with every registration and renewal, so that a node can
/// compare it with what its journal remembers.
public struct CoordinatorFacts: Sendable, Equatable {
  /// Of the database cluster: a restored backup has the same, another server has not.
  public let systemIdentifier: String
  /// Goes up with each promotion.
  public let timeline: Int
  /// Position in the write-ahead log, in bytes, at the time of the answer.
  public let position: UInt64
  /// Goes up whenever the nodes have to report again.
  public let generation: Int
  /// Whether blocks are granted.
  public let grantsAreOpen: Bool

  public init(
    systemIdentifier: String, timeline: Int, position: UInt64, generation: Int,
    grantsAreOpen: Bool
  ) {
    self.systemIdentifier = systemIdentifier
    self.timeline = timeline
    self.position = position
    self.generation = generation
    self.grantsAreOpen = grantsAreOpen
  }
}

/// One lease that a node was granted, as its journal remembers it.
public struct Holding: Sendable, Equatable {
  public let lease: LeaseID
  /// The process that it was granted to: this one, or an earlier one of the node.
  public let boot: BootID
  public let counter: Counter
  public let block: Block
  /// The highest number that was surely issued; `block.first - 1` when none was.
  public let issuedThrough: Int
  /// Nothing above `issuedThrough` was issued. False for the lease of a process that died: it may
  /// have issued more than it could write down.
  public let isExact: Bool
  /// The lease is closed and `issuedThrough` is what stays issued of it; or several that touch were
  /// joined. Such numbers are claimed whatever the coordinator knows of the lease.
  public let isSettled: Bool

  public init(
    lease: LeaseID, boot: BootID, counter: Counter, block: Block, issuedThrough: Int,
    isExact: Bool, isSettled: Bool = false
  ) {
    self.lease = lease
    self.boot = boot
    self.counter = counter
    self.block = block
    self.issuedThrough = issuedThrough
    self.isExact = isExact
    self.isSettled = isSettled
  }
}

/// What a node holds and has issued, for one generation of the coordinator.
public struct HoldingsReport: Sendable, Equatable {
  /// Why a node believes that the coordinator lost something that it had acknowledged.
  public enum Suspicion: String, Sendable, CaseIterable {
    /// Another database cluster than the one that granted.
    case otherSystem = "other-system"
    /// A server was promoted; what it did not receive is lost unless it was synchronous.
    case newTimeline = "new-timeline"
    /// The position is behind one that it had reached before.
    case positionBehind = "position-behind"
    /// A lease or a boot that was acknowledged is not known any more, or lower than it was.
    case forgotten
  }

  public let generation: Int
  public let suspicion: Suspicion?
  public let holdings: [Holding]

  public init(generation: Int, suspicion: Suspicion?, holdings: [Holding]) {
    self.generation = generation
    self.suspicion = suspicion
    self.holdings = holdings
  }
}

public struct ReportAnswer: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case accepted
    /// The generation is over, or the report itself opened a new one: report again.
    case again
    case superseded
  }

  public let outcome: Outcome
  /// How many numbers were taken out of the free pool because this node had issued them.
  public let carved: Int
  /// How many numbers somebody else holds or was given: an incident.
  public let overlapping: Int
  /// Leases of the report that are closed, with what stays issued of them: the journal needs to
  /// remember no more of them than that.
  public let settled: [Settled]
  public let facts: CoordinatorFacts

  public struct Settled: Sendable, Equatable {
    public let lease: LeaseID
    /// `block.first - 1` when nothing was.
    public let issuedThrough: Int

    public init(lease: LeaseID, issuedThrough: Int) {
      self.lease = lease
      self.issuedThrough = issuedThrough
    }
  }

  public init(
    outcome: Outcome, carved: Int, overlapping: Int, settled: [Settled], facts: CoordinatorFacts
  ) {
    self.outcome = outcome
    self.carved = carved
    self.overlapping = overlapping
    self.settled = settled
    self.facts = facts
  }
}
