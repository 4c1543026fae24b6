/// Why a call did not give what it was asked for.
public struct SerialClientError: Error, Sendable, Equatable {
  /// Decide by this. The first group are the service's own codes (docs/api.md).
  public enum Code: String, Sendable, Equatable, CaseIterable {
    case invalidSerial = "invalid-serial"
    case invalidRequest = "invalid-request"
    case unauthenticated
    case forbidden
    case notFound = "not-found"
    case capacityExhausted = "capacity-exhausted"
    case frozen
    case reserveOnly = "reserve-only"
    case immutableRecord = "immutable-record"
    case invalidTransition = "invalid-transition"
    case idempotencyKeyReused = "idempotency-key-reused"
    case quotaExceeded = "quota-exceeded"
    case coordinatorUnavailable = "coordinator-unavailable"
    case recalling
    case draining
    case superseded
    case internalError = "internal-error"
    /// The call may have been carried out, and nobody can say now. Repeat it with `idempotencyKey`,
    /// or as it is when it has none.
    case outcomeUnknown = "outcome-unknown"

    /// Refused with a code that this client does not know; `problem` has it.
    case refused
    /// No node could be reached. Nothing was sent.
    case unreachable
    /// A call that only reads got no answer before its deadline.
    case noAnswer = "no-answer"
    /// No node gave an answer that this client can read.
    case unreadableAnswer = "unreadable-answer"
    /// The answer is larger than `ClientConfiguration.largestAnswerBytes`.
    case answerTooLarge = "answer-too-large"
    /// The caller's own closure gave no token; what it threw is in `detail`.
    case noToken = "no-token"
    /// The caller's task was cancelled before anything was sent.
    case cancelled

    /// Whether a node can say it.
    var isOfService: Bool {
      switch self {
      case .invalidSerial, .invalidRequest, .unauthenticated, .forbidden, .notFound,
        .capacityExhausted, .frozen, .reserveOnly, .immutableRecord, .invalidTransition,
        .idempotencyKeyReused, .quotaExceeded, .coordinatorUnavailable, .recalling, .draining,
        .superseded, .internalError, .outcomeUnknown:
        true
      case .refused, .unreachable, .noAnswer, .unreadableAnswer, .answerTooLarge, .noToken,
        .cancelled:
        false
      }
    }
  }

  public let code: Code
  /// For people; nothing should be decided by it.
  public let detail: String
  /// The HTTP status of the answer that refused; nil when none did.
  public let status: Int?
  /// What a node said, where one did.
  public let problem: ServiceProblem?
  /// When the service said it makes sense to ask again, from then.
  public let retryAfter: Duration?
  /// The key that the call was sent with, given or made by the client; nil for calls without one.
  public let idempotencyKey: String?
  /// Whether the call may have been carried out all the same.
  public let mayBeDone: Bool

  public init(
    _ code: Code, _ detail: String, status: Int? = nil, problem: ServiceProblem? = nil,
    retryAfter: Duration? = nil, idempotencyKey: String? = nil, mayBeDone: Bool = false
  ) {
    self.code = code
    self.detail = detail
    self.status = status
    self.problem = problem
    self.retryAfter = retryAfter
    self.idempotencyKey = idempotencyKey
    self.mayBeDone = mayBeDone
  }
}

extension SerialClientError: CustomStringConvertible {
  public var description: String { "\(detail) (\(problem?.code ?? code.rawValue))" }
}
