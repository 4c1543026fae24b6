import Allocator
import HTTPTypes
import LeaseCore
import SerialAuth
import SerialFormat

/// What the parts below this one throw, as a client sees it.
extension Problem {
  /// Seconds after which to ask again where the source of the error names none.
  private static let retrySeconds = 1

  init(_ error: AllocationError) {
    let code: ProblemCode
    switch error.code {
    case .capacityExhausted: code = .capacityExhausted
    case .recalling: code = .recalling
    case .coordinatorUnavailable: code = .coordinatorUnavailable
    case .outcomeUnknown: code = .outcomeUnknown
    case .draining: code = .draining
    case .frozen: code = .frozen
    case .reserveOnly: code = .reserveOnly
    case .quotaExceeded: code = .quotaExceeded
    case .keyReused: code = .idempotencyKeyReused
    case .invalidRequest, .recordRefused: code = .invalidRequest
    case .cancelled: code = .cancelled
    }
    self.init(code, error.detail)
    if let counter = error.counter {
      members.kind = counter.kind.rawValue
      members.year = counter.year
      if code == .capacityExhausted { members.capacity = Capacity.counter }
    }
    if status == .serviceUnavailable || status == .tooManyRequests {
      self = retry(afterSeconds: error.retryAfterSeconds ?? Self.retrySeconds)
    }
  }

  /// A reading of the cluster that failed. Whatever the reason, nothing was changed, so that even
  /// an unknown outcome only means: not now.
  init(reading error: CoordinatorError) {
    self.init(.coordinatorUnavailable, "The coordinator gave no answer; try again.")
    // A refusal does not go away by itself; an operator has to act.
    self = retry(afterSeconds: error.code == .rejected ? 30 : Self.retrySeconds)
  }

  /// A change of the cluster that failed.
  init(operating error: CoordinatorError) {
    switch error.code {
    case .outcomeUnknown: self = .operationUnknown
    case .unavailable, .notDone:
      self.init(.coordinatorUnavailable, "The coordinator did not do it; try again.")
      self = retry(afterSeconds: Self.retrySeconds)
    case .rejected:
      self.init(
        .coordinatorUnavailable, "The coordinator refused it. The log of this node says why.")
      self = retry(afterSeconds: 30)
    }
  }

  static let operationUnknown = Problem(
    .outcomeUnknown,
    "The coordinator gave no answer: it may have been done. Asking again is harmless."
  ).retry(afterSeconds: retrySeconds)

  static let coordinatorSlow = Problem(
    .coordinatorUnavailable, "The coordinator gave no answer in time; try again."
  ).retry(afterSeconds: retrySeconds)

  init?(_ readiness: Readiness) {
    switch readiness {
    case .ready: return nil
    case .starting(let reason), .coordinatorAway(let reason):
      self.init(.coordinatorUnavailable, reason)
    case .draining:
      self.init(.draining, "The node gives everything back and issues no more.")
    case .superseded:
      self.init(
        .superseded,
        "This process speaks for its node no longer: another one registered, or the coordinator "
          + "forgot it. Its log says which.")
    }
    self = retry(afterSeconds: Self.retrySeconds)
  }
}

/// Refusals of authentication, with the header of RFC 6750 section 3.
extension Problem {
  private static let realm = "Bearer realm=\"seriald\""

  /// No token at all. Without one, the header carries no error code (RFC 6750 section 3.1).
  static let noToken: Problem = {
    var problem = Problem(.unauthenticated, "A bearer token is needed.")
    problem.headers[.wwwAuthenticate] = realm
    return problem
  }()

  /// An Authorization header that cannot be read as one bearer token.
  static let badAuthorization: Problem = {
    var problem = Problem(
      .unauthenticated, "The Authorization header is not one bearer token.")
    problem.headers[.wwwAuthenticate] = "\(realm), error=\"invalid_request\""
    return problem
  }()

  init(_ error: TokenError) {
    self.init(.unauthenticated, error.description)
    headers[.wwwAuthenticate] =
      "\(Self.realm), error=\"invalid_token\", error_description=\"\(error.description)\""
  }

  static func missing(_ scope: Scope) -> Problem {
    missing(scope, "The token does not have the scope \(scope.rawValue).")
  }

  static let yearIsForAdministrators = missing(
    .administerCluster,
    "Naming a year needs the scope cluster:admin; without \"year\" serials are of this UTC year.")

  private static func missing(_ scope: Scope, _ detail: String) -> Problem {
    var problem = Problem(.forbidden, detail)
    problem.members.scope = scope.rawValue
    problem.headers[.wwwAuthenticate] =
      "\(realm), error=\"insufficient_scope\", scope=\"\(scope.rawValue)\""
    return problem
  }
}

/// Why numbers were not struck out, or not made free again.
extension Problem {
  static func recorded(_ serial: Serial) -> Problem {
    Problem(.immutableRecord, "\(serial) has a record, which carries it for ever.").of(serial)
  }

  static func leased(_ serial: Serial, by node: String) -> Problem {
    Problem(
      .recalling, "\(serial) is in a lease of \(node), which was asked to give it back; try again."
    ).of(serial).retry(afterSeconds: retrySeconds)
  }

  static func notVoid(_ serial: Serial) -> Problem {
    Problem(.invalidTransition, "\(serial) is not void, so it cannot be made free.").of(serial)
  }

  /// The same with the counter of a serial.
  private func of(_ serial: Serial) -> Problem {
    var problem = self
    problem.members.kind = serial.kind.rawValue
    problem.members.year = serial.year
    return problem
  }
}
