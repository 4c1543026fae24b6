/// One caller's request, as the machine sees it.
public struct Request: Sendable, Equatable {
  public let id: RequestID
  public let subject: String
  /// 1...1000.
  public let count: Int
  /// When the caller is answered at the latest.
  public let deadline: Instant
  /// Makes the request repeatable; taken in the transaction that commits its numbers.
  public let key: IdempotencyKey?
  /// Rows that are inserted in the transaction that commits the numbers, JSON objects: one for each
  /// number, in ascending order of the numbers; or none.
  public let records: [String]
  /// The rows together, in bytes.
  let recordBytes: Int
  /// It was in a statement that the coordinator did not take: it gets one of its own, so that nobody
  /// else is held up should it be the reason.
  var isApart = false

  /// - Parameter records: empty, or as many as `count`.
  public init(
    id: RequestID, subject: String, count: Int, deadline: Instant, key: IdempotencyKey? = nil,
    records: [String] = []
  ) {
    precondition(records.isEmpty || records.count == count, "a record for each number, or none")
    self.id = id
    self.subject = subject
    self.count = count
    self.deadline = deadline
    self.key = key
    self.records = records
    self.recordBytes = records.reduce(0) { $0 + $1.utf8.count }
  }

  /// Whose key it is; nil without one.
  var owner: KeyOwner? { key.map { KeyOwner(subject: subject, key: $0) } }

  /// Its numbers are its own once they are committed, whoever still waits for them: a key answers with
  /// them, or records carry them.
  var keepsItsNumbers: Bool { key != nil || !records.isEmpty }
}

/// What the shell has to do after an event.
public enum MachineAction: Sendable, Equatable {
  /// Send, then report with `acquireAnswered` or `acquireFailed`.
  case acquire(AcquirePlan)
  /// Send, then report with `commitAnswered` or `commitFailed`.
  case commit(CommitPlan)
  /// Send, then report with `readBackAnswered` or `readBackFailed`.
  case readBack([LeaseReference])
  /// Send, then report with `releaseAnswered` or `releaseFailed`.
  case release([ReleaseItem])
  /// The numbers are committed: hand them to the caller.
  case deliver(RequestID, Counter, [Block])
  case fail(RequestID, Refusal)
  /// Tell the other nodes that they are waited for. No answer is expected.
  case hint
  /// Something worth counting or an alarm.
  case note(Note)

  /// Why a request gets no number.
  public enum Refusal: Sendable, Equatable {
    /// More was asked for than can still be issued of the counter.
    case capacityExhausted(Counter)
    /// Only numbers that are kept for administrators are left.
    case reserveOnly(Counter)
    case recalling(Counter)
    /// The coordinator grants nothing before the nodes have reported what they hold.
    case grantsClosed
    /// The idempotency key was taken meanwhile: the answer is that of the request which took it.
    case keyTaken
    case quotaExceeded(retryMilliseconds: Int)
    /// A record cannot be inserted as it is, and why.
    case recordRefused(String)
    case coordinatorUnavailable
    case outcomeUnknown
    case draining
    case frozen(Counter)
    case superseded
    case noStandby
    /// The coordinator refused the statement for good: a defect, or a schema that does not fit.
    case rejected
  }

  public enum Note: Sendable, Equatable {
    case granted(LeaseID, Block)
    /// The coordinator refused a lease: it expired, was closed, or the year is over. `lapsed`: its time to live
    /// passed by the node's own clock, and the coordinator was not asked.
    case fenced(LeaseID, String)
    case recalled(LeaseID)
    case released(LeaseID, givenBack: Int)
    /// The read-back decided an unknown outcome.
    case resolved(committed: Bool)
    /// So many committed numbers proved to have no recipient and went back to the stock.
    case stocked(Int)
    /// Committed numbers of a stock that can be handed out no more.
    case abandoned(Int)
    /// So many numbers of this process are left out: records of an application carry them already.
    case recorded(Int)
    /// Numbers that were handed out ahead and that the issue log will not show to whom.
    case unreported(Int)
    /// The coordinator contradicts what it acknowledged before.
    case incident(LeaseID, String)
    case superseded
  }
}

/// How a call of the coordinator can fail, as far as the machine cares.
public enum CallFailure: Sendable, Equatable {
  /// Nothing was sent; the coordinator is away.
  case unavailable
  /// Known not to have happened; it can be tried again.
  case notDone
  /// Known not to have happened, and the same statement would be refused again.
  case rejected
  /// It may have happened or may still happen.
  case unknown
}
