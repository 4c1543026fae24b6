/// What the machine asks the coordinator for, and what it is answered. All values: a plan can be
/// sent again as it is.

/// Asks for blocks of a counter. Asked again with the same identifiers it is answered the same.
public struct AcquirePlan: Sendable, Equatable {
  public let stream: IssueStream
  /// 1...1000, what the waiting requests need.
  public let needed: Int
  /// At least `needed`, what the node would like.
  public let wanted: Int
  /// One new lease for each block that may be granted.
  public let leases: [Name]

  public struct Name: Sendable, Equatable {
    public let id: LeaseID
    public let token: Token

    public init(id: LeaseID, token: Token) {
      self.id = id
      self.token = token
    }
  }

  public init(stream: IssueStream, needed: Int, wanted: Int, leases: [Name]) {
    self.stream = stream
    self.needed = needed
    self.wanted = wanted
    self.leases = leases
  }
}

public struct AcquireReply: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case granted
    case none
    case frozen
    case superseded
    case noStandby = "no-standby"
    /// The coordinator started again or lost something: it grants nothing before the nodes have
    /// reported what they hold (design section 5).
    case grantsClosed = "grants-closed"
  }

  public struct Grant: Sendable, Equatable {
    public let id: LeaseID
    public let block: Block

    public init(id: LeaseID, block: Block) {
      self.id = id
      self.block = block
    }
  }

  public let outcome: Outcome
  /// The counter that the coordinator chose.
  public let counter: Counter
  public let grants: [Grant]
  /// Free numbers that are left after it, without those that are kept for administrators unless
  /// the stream may take them.
  public let free: Int
  /// What other processes hold and have not handed out.
  public let leasedElsewhere: Int
  /// Free numbers that are kept for administrators; 0 for a stream that may take them.
  public let reserved: Int

  public init(
    outcome: Outcome, counter: Counter, grants: [Grant], free: Int, leasedElsewhere: Int,
    reserved: Int = 0
  ) {
    self.outcome = outcome
    self.counter = counter
    self.grants = grants
    self.free = free
    self.leasedElsewhere = leasedElsewhere
    self.reserved = reserved
  }
}

/// Names a lease in a statement: who holds which version of it.
public struct LeaseReference: Sendable, Equatable {
  public let id: LeaseID
  public let token: Token
  public let attempt: Int

  public init(id: LeaseID, token: Token, attempt: Int) {
    self.id = id
    self.token = token
    self.attempt = attempt
  }

  init(_ lease: HeldLease) {
    self.init(id: lease.id, token: lease.token, attempt: lease.attempt)
  }

  /// The reference that a read-back fences this one with. The same each time that it is asked
  /// again, so that a read-back which arrives late fences nothing that was sent after it.
  public var next: LeaseReference {
    LeaseReference(id: id, token: token, attempt: attempt + 1)
  }
}

/// Commits numbers as issued, in several leases of one process at once: all or nothing.
public struct CommitPlan: Sendable, Equatable {
  public struct Raise: Sendable, Equatable {
    public let lease: LeaseReference
    public let revision: Int
    /// `committedThrough` as the node knows it.
    public let expected: Int
    /// The new one, not lower.
    public let through: Int
    /// How far the node has handed out.
    public let handedOut: Int

    public init(
      lease: LeaseReference, revision: Int, expected: Int, through: Int, handedOut: Int
    ) {
      self.lease = lease
      self.revision = revision
      self.expected = expected
      self.through = through
      self.handedOut = handedOut
    }
  }

  /// A line of the issue log.
  public struct Line: Sendable, Equatable {
    public let lease: LeaseID
    public let block: Block
    public let request: RequestID
    public let subject: String
    /// The numbers were committed before and proved to have no recipient.
    public let again: Bool
    /// The caller has the numbers already: they were committed ahead. Such a line is a report,
    /// which no quota refuses.
    public let delivered: Bool

    public init(
      lease: LeaseID, block: Block, request: RequestID, subject: String, again: Bool,
      delivered: Bool = false
    ) {
      self.lease = lease
      self.block = block
      self.request = request
      self.subject = subject
      self.again = again
      self.delivered = delivered
    }
  }

  public let counter: Counter
  public let raises: [Raise]
  public let lines: [Line]
  /// The keys of those requests in `lines` that have one. A key belongs to one request for ever:
  /// when one of them is taken nothing of the plan is done.
  public let keys: [KeyClaim]
  /// The records of those requests in `lines` that have some; inserted with the commit, or nothing
  /// of the plan is done.
  public let records: [RecordClaim]
  /// When the first lease that it raises lapses, by the node's own clock: from then on it may not be sent.
  /// Nil when it raises none.
  public let sendBefore: Instant?

  public init(
    counter: Counter, raises: [Raise], lines: [Line], keys: [KeyClaim] = [],
    records: [RecordClaim] = [], sendBefore: Instant? = nil
  ) {
    self.counter = counter
    self.raises = raises
    self.lines = lines
    self.keys = keys
    self.records = records
    self.sendBefore = sendBefore
  }
}

/// The answer to a commit: done for every lease, or nothing is done and it says why.
public struct CommitAnswer: Sendable, Equatable {
  /// One for each lease of the plan.
  public let leases: [CommitReply]
  /// The requests that the coordinator refused; empty when it was done. The others are `notTried`.
  public let refused: [RefusedRequest]
  /// Numbers of the plan that a record carries already; empty when it was done.
  public let recorded: [RecordedNumber]

  public init(
    leases: [CommitReply], refused: [RefusedRequest] = [], recorded: [RecordedNumber] = []
  ) {
    self.leases = leases
    self.refused = refused
    self.recorded = recorded
  }
}

/// A request of a commit that the coordinator refused.
public struct RefusedRequest: Sendable, Equatable {
  public enum Reason: String, Sendable, CaseIterable {
    /// The idempotency key belongs to another request: resolve it and give the answer it has.
    case keyTaken = "key-taken"
    /// The subject's quota for a minute or a year is used up.
    case quotaExceeded = "quota-exceeded"
    /// One of its records cannot be inserted as it is.
    case recordRefused = "record-refused"
  }

  public let request: RequestID
  public let reason: Reason
  /// When it may succeed, in milliseconds from now; 0 where that is not a matter of time.
  public let retryMilliseconds: Int
  /// What a person needs to know beyond the reason; nil where there is nothing.
  public let detail: String?

  public init(
    request: RequestID, reason: Reason, retryMilliseconds: Int = 0, detail: String? = nil
  ) {
    self.request = request
    self.reason = reason
    self.retryMilliseconds = retryMilliseconds
    self.detail = detail
  }
}

public struct CommitReply: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case committed
    /// Nothing is wrong with this lease; another one was refused.
    case notTried = "not-tried"
    case unknownLease = "unknown-lease"
    case notHolder = "not-holder"
    case staleToken = "stale-token"
    case staleAttempt = "stale-attempt"
    /// The coordinator's state of the lease is not what the node believes.
    case unexpected
    case closed
    case expired
    case yearOver = "year-over"
    case noStandby = "no-standby"
    /// An operator froze the counter.
    case frozen
  }

  public let lease: LeaseID
  public let outcome: Outcome
  public let recalled: Bool

  public init(lease: LeaseID, outcome: Outcome, recalled: Bool) {
    self.lease = lease
    self.outcome = outcome
    self.recalled = recalled
  }
}

/// What a read-back found, for one lease.
public struct ReadBackReply: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case live
    case closed
    case unknownLease = "unknown-lease"
    case notHolder = "not-holder"
    case staleToken = "stale-token"
  }

  public let lease: LeaseID
  public let outcome: Outcome
  /// 0 unless the lease is live or closed; so the next two.
  public let committedThrough: Int
  public let revision: Int
  public let attempt: Int
  public let recalled: Bool

  public init(
    lease: LeaseID, outcome: Outcome, committedThrough: Int, revision: Int, attempt: Int,
    recalled: Bool
  ) {
    self.lease = lease
    self.outcome = outcome
    self.committedThrough = committedThrough
    self.revision = revision
    self.attempt = attempt
    self.recalled = recalled
  }
}

public struct RenewReply: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case live
    case expired
    case closed
    case notHolder = "not-holder"
    case staleToken = "stale-token"
    case unknownLease = "unknown-lease"
  }

  public let lease: LeaseID
  public let outcome: Outcome
  public let recalled: Bool

  public init(lease: LeaseID, outcome: Outcome, recalled: Bool) {
    self.lease = lease
    self.outcome = outcome
    self.recalled = recalled
  }
}

/// Gives back what lies above `handedOut` of one lease and closes it. Idempotent.
public struct ReleaseItem: Sendable, Equatable {
  public let lease: LeaseReference
  public let handedOut: Int

  public init(lease: LeaseReference, handedOut: Int) {
    self.lease = lease
    self.handedOut = handedOut
  }
}

public struct ReleaseReply: Sendable, Equatable {
  public enum Outcome: String, Sendable, CaseIterable {
    case released
    case already
    case notHolder = "not-holder"
    case staleToken = "stale-token"
    case unknownLease = "unknown-lease"
    case unexpected
  }

  public let lease: LeaseID
  public let outcome: Outcome
  /// How many numbers became free.
  public let givenBack: Int
  /// The highest number of the lease that stays issued; below its first when none does, or when the
  /// coordinator does not say, because the lease is not the caller's.
  public let issuedThrough: Int

  public init(lease: LeaseID, outcome: Outcome, givenBack: Int, issuedThrough: Int) {
    self.lease = lease
    self.outcome = outcome
    self.givenBack = givenBack
    self.issuedThrough = issuedThrough
  }
}
