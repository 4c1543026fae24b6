/// The node's lease machine for one stream: which numbers it holds, what was asked of it, and which
/// statements are under way. Pure: an event and an instant in, actions out.
///
/// Two slots keep the rule of one unanswered statement for a lease (rule 6): `statement` covers the
/// leases that numbers are issued from, `releasing` those that are given back. A lease is in one of
/// `active`, `closing` and `fenced`, never in two.
public struct LeaseMachine: Sendable {
  public struct Settings: Sendable, Equatable {
    /// Time to live of a lease, in milliseconds. A stream without requests for so long gives
    /// everything back.
    public var timeToLiveMilliseconds: Int
    public var sizing: BlockSizing
    public var commitAhead: CommitAhead
    /// Over which time the rate is averaged, in milliseconds.
    public var rateWindowMilliseconds: Int
    /// For how long a caller waits for a read-back to decide an unknown outcome, in milliseconds.
    public var unknownGraceMilliseconds: Int
    /// How long after a statement that failed it is tried again, in milliseconds.
    public var retryMilliseconds: Int
    /// How long after a recall the node asks again, in milliseconds.
    public var recallRetryMilliseconds: Int

    public init(
      timeToLiveMilliseconds: Int = 15_000,
      sizing: BlockSizing = BlockSizing(horizonMilliseconds: 10_000, largest: 10_000),
      commitAhead: CommitAhead = .none,
      rateWindowMilliseconds: Int = 10_000,
      unknownGraceMilliseconds: Int = 500,
      retryMilliseconds: Int = 200,
      recallRetryMilliseconds: Int = 250
    ) {
      self.timeToLiveMilliseconds = timeToLiveMilliseconds
      self.sizing = sizing
      self.commitAhead = commitAhead
      self.rateWindowMilliseconds = rateWindowMilliseconds
      self.unknownGraceMilliseconds = unknownGraceMilliseconds
      self.retryMilliseconds = retryMilliseconds
      self.recallRetryMilliseconds = recallRetryMilliseconds
    }
  }

  /// Leases that one acquire may return; the coordinator takes at most 16.
  static let blocksPerAcquire = 8
  /// Lines of the issue log in one commit, so that a statement stays short.
  static let linesPerCommit = 256
  /// Leases in one commit, unless a single request needs more; the coordinator takes 1,024.
  static let leasesPerCommit = 64
  /// For how long a used-up quota is believed without asking again, in milliseconds: an operator
  /// may raise it meanwhile.
  static let longestQuotaPause = 5_000
  /// Leases in one release.
  static let leasesPerRelease = 64

  public let stream: IssueStream
  let settings: Settings
  let makeName: @Sendable () -> AcquirePlan.Name

  var phase: Phase = .running
  /// False while the shell reports that the coordinator is away.
  var coordinatorIsUp = true
  /// Requests that no statement was sent for, in order of arrival.
  var queue: [Request] = []
  /// The counter of the latest grant: numbers are issued from no other.
  var issuing: Counter?
  /// Leases that numbers are issued from, by first number.
  var active: [HeldLease] = []
  /// Leases on the way back.
  var closing: [HeldLease] = []
  /// Leases that the coordinator refused or closed and that still have committed numbers in stock.
  var fenced: [HeldLease] = []
  /// Committed numbers without a recipient, by first number: what was committed ahead, and what
  /// proved to have no caller.
  var stock: [StockPiece] = []
  /// Numbers that were handed out ahead and that the issue log does not show yet.
  var reports: [CommitPlan.Line] = []
  var statement: StatementSlot = .idle
  var acquiring: AcquireSlot = .idle
  var releasing: ReleaseSlot = .idle
  /// After a commit that was not done: no other before this moment.
  var commitNotBefore: Instant?
  var rate: DecayingRate
  var roundTrip = RoundTrip()
  /// The year in UTC by the node's own clock; nil before it was told. It decides when what was
  /// committed ahead is released, never whether a number is unique.
  var clockYear: Int?
  var lastRequestAt: Instant?
  /// The last grant was much smaller than what was asked for: no prefetch.
  var scarce = false
  /// Set while the last grant did not cover the requests, though others may give numbers back.
  var recalling: Counter?
  /// The coordinator waits for reports before it grants anything.
  var grantsAreClosed = false
  /// Subjects whose quota is used up, and until when they are not worth asking for.
  var quotaPauses: [String: Instant] = [:]

  /// `running` goes to `draining` or `superseded`; `draining` may go to `superseded`.
  enum Phase: Sendable, Equatable {
    case running
    case draining
    case superseded
  }

  /// The statement on the active leases.
  enum StatementSlot: Sendable, Equatable {
    /// Goes to `committing` or `renewing`.
    case idle
    /// Goes to `idle` when it is answered, to `unresolved` when it is not.
    case committing(Batch)
    /// A commit without an answer. Goes to `idle` when a read-back is answered.
    case unresolved(Batch, since: Instant, readBackAt: Instant?)
    /// Goes to `idle`, answered or not: a renewal can be repeated.
    case renewing(sentAt: Instant)
  }

  /// `waiting` is a pause after a failure or a short grant; the plan is repeated as it is
  /// when its outcome is unknown.
  enum AcquireSlot: Sendable, Equatable {
    case idle
    /// `at` is when it was sent first.
    case sent(AcquirePlan, at: Instant, isRepeat: Bool)
    case waiting(until: Instant, repeated: Repeat?)

    struct Repeat: Sendable, Equatable {
      let plan: AcquirePlan
      /// When it was sent first: it may have been done then.
      let since: Instant
    }
  }

  enum ReleaseSlot: Sendable, Equatable {
    case idle
    case sent([LeaseID])
    case waiting(until: Instant)
  }

  public init(
    stream: IssueStream, settings: Settings, makeName: @escaping @Sendable () -> AcquirePlan.Name
  ) {
    self.stream = stream
    self.settings = settings
    self.makeName = makeName
    self.rate = DecayingRate(timeConstantMilliseconds: settings.rateWindowMilliseconds)
  }
}

/// Committed numbers of a lease that nobody was given.
struct StockPiece: Sendable, Equatable {
  let lease: LeaseID
  let counter: Counter
  let block: Block
  /// They have a line in the issue log, of a request that went away. What was committed ahead has
  /// none, and a release gives it back.
  let isLogged: Bool
}

/// A commit under way, and for whom.
struct Batch: Sendable, Equatable {
  let plan: CommitPlan
  var entries: [Entry]
  /// The lines of the plan whose numbers were handed out before.
  let reports: [CommitPlan.Line]
  let sentAt: Instant

  struct Entry: Sendable, Equatable {
    let request: Request
    let pieces: [Piece]
    /// False once the caller was answered or went away.
    var isWaiting: Bool
  }

  /// A part of the numbers of one request.
  struct Piece: Sendable, Equatable {
    let lease: LeaseID
    let block: Block
    let source: Source
  }

  enum Source: Sendable, Equatable {
    /// Not committed before this batch.
    case fresh
    /// Committed ahead.
    case ahead
    /// Committed, and logged for a request that went away.
    case logged
  }
}
