public import LeaseCore

/// Why a request got no number. The codes are those of design section 8.
public struct AllocationError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// What was asked for exceeds everything that can still be issued.
    case capacityExhausted = "capacity-exhausted"
    /// Numbers exist but other nodes hold them; they were asked to give them back.
    case recalling
    /// The coordinator is away and nothing is committed ahead.
    case coordinatorUnavailable = "coordinator-unavailable"
    /// Sent and not answered: the numbers may be issued in the ledger. Never failed, never done.
    case outcomeUnknown = "outcome-unknown"
    /// The node is shutting down or was told to give everything back.
    case draining
    /// An operator froze the counter.
    case frozen
    /// Only numbers that are kept for administrators are left.
    case reserveOnly = "reserve-only"
    /// The subject's quota is used up.
    case quotaExceeded = "quota-exceeded"
    /// The idempotency key was used for another request.
    case keyReused = "idempotency-key-reused"
    /// A record cannot be inserted as it is: no number was issued for the request.
    case recordRefused = "record-refused"
    /// The request itself is not good: its count, its subject, its records, or an id that is in use.
    case invalidRequest = "invalid-request"
    /// The caller went away.
    case cancelled
  }

  public let code: Code
  /// What a person needs to know, in one sentence.
  public let detail: String
  /// When to ask again, in whole seconds, at least 1; nil where waiting does not help.
  public let retryAfterSeconds: Int?
  /// Which counter, where one is known.
  public let counter: Counter?

  public init(
    _ code: Code, detail: String, retryAfterSeconds: Int? = nil, counter: Counter? = nil
  ) {
    self.code = code
    self.detail = detail
    self.retryAfterSeconds = retryAfterSeconds
    self.counter = counter
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}
