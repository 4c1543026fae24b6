import HTTPTypes

/// Every code that an error of this interface can carry, with its status and its title.
///
/// This is the one table of errors (design section 8). Codes are a promise to clients: they are
/// never renamed. `invalid-request` is the code of every request that is wrong in itself; where
/// HTTP has a closer status than 400 the answer carries that one.
enum ProblemCode: String, Sendable, CaseIterable {
  case invalidSerial = "invalid-serial"
  case invalidRequest = "invalid-request"
  case unauthenticated
  case forbidden
  case notFound = "not-found"
  case capacityExhausted = "capacity-exhausted"
  case frozen
  /// Only numbers that are kept for administrators are left.
  case reserveOnly = "reserve-only"
  /// The number has a record, which carries it for ever.
  case immutableRecord = "immutable-record"
  case invalidTransition = "invalid-transition"
  case idempotencyKeyReused = "idempotency-key-reused"
  case quotaExceeded = "quota-exceeded"
  case coordinatorUnavailable = "coordinator-unavailable"
  case recalling
  case outcomeUnknown = "outcome-unknown"
  /// The node is shutting down; another one answers.
  case draining
  /// Another process took this node's name.
  case superseded
  /// The client went away before its answer; nobody reads this one.
  case cancelled
  /// A fault of this node. The log has the details under the request's identifier.
  case internalError = "internal-error"

  var status: HTTPResponse.Status {
    switch self {
    case .invalidSerial, .invalidRequest: .badRequest
    case .unauthenticated: .unauthorized
    case .forbidden: .forbidden
    case .notFound: .notFound
    case .capacityExhausted, .frozen, .reserveOnly, .immutableRecord, .invalidTransition: .conflict
    case .idempotencyKeyReused: .unprocessableContent
    case .quotaExceeded: .tooManyRequests
    case .coordinatorUnavailable, .recalling, .outcomeUnknown, .draining, .superseded:
      .serviceUnavailable
    case .cancelled: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
    case .internalError: .internalServerError
    }
  }

  var title: String {
    switch self {
    case .invalidSerial: "Malformed serial"
    case .invalidRequest: "Invalid request"
    case .unauthenticated: "Authentication required"
    case .forbidden: "Missing scope"
    case .notFound: "Not found"
    case .capacityExhausted: "Capacity exhausted"
    case .frozen: "Counter frozen"
    case .reserveOnly: "Only the reserve is left"
    case .immutableRecord: "Record is immutable"
    case .invalidTransition: "Transition not allowed"
    case .idempotencyKeyReused: "Idempotency key reused"
    case .quotaExceeded: "Quota exceeded"
    case .coordinatorUnavailable: "Coordinator unavailable"
    case .recalling: "Numbers are being recalled"
    case .outcomeUnknown: "Outcome unknown"
    case .draining: "Node is shutting down"
    case .superseded: "Node was superseded"
    case .cancelled: "Request cancelled"
    case .internalError: "Internal error"
    }
  }

  /// A name for the kind of problem (RFC 9457 section 3.1.1). It is a name and not an address.
  var type: String { "urn:seriald:problem:\(rawValue)" }
}
