import Allocator
import LeaseCore
import SerialFormat

/// The answer of `POST /api/serials/{serial}/void` and `/unvoid`.
struct ChangedResponse: Encodable, Sendable {
  /// How many numbers changed; 0 when they already were as wanted.
  let changed: Int
}

/// The answer of `POST /api/nodes/{node}/drain` and `/retire`.
struct NodeOutcomeResponse: Encodable, Sendable {
  let node: String
  /// `done`, `already` or `not-running`.
  let outcome: String
}

/// The answer of `PUT /api/counters/{kind}/{year}/frozen`.
struct FrozenResponse: Encodable, Sendable {
  let kind: String
  let year: Int
  let frozen: Bool

  init(_ counter: Counter, frozen: Bool) {
    kind = counter.kind.rawValue
    year = counter.year
    self.frozen = frozen
  }
}

/// The answer of `PUT /api/counters/{kind}/{year}/reserve`.
struct ReserveResponse: Encodable, Sendable {
  let kind: String
  let year: Int
  let reserve: Int

  init(_ counter: Counter, reserve: Int) {
    kind = counter.kind.rawValue
    year = counter.year
    self.reserve = reserve
  }
}

/// The answer of `PUT` and `DELETE /api/quotas/{subject}`: the limits that are kept from now on.
struct QuotaResponse: Encodable, Sendable {
  let subject: String
  let perMinute: Nullable<Int>
  let perYear: Nullable<Int>

  private enum CodingKeys: String, CodingKey {
    case subject
    case perMinute = "per_minute"
    case perYear = "per_year"
  }

  init(_ subject: String, perMinute: Int?, perYear: Int?) {
    self.subject = subject
    self.perMinute = Nullable(perMinute)
    self.perYear = Nullable(perYear)
  }
}

/// The answer of `PUT /api/grants`: what was set. Null is for a setting that was left as it is.
struct GrantSettingsResponse: Encodable, Sendable {
  let waitMilliseconds: Nullable<Int>
  let synchronousFailover: Nullable<Bool>

  private enum CodingKeys: String, CodingKey {
    case waitMilliseconds = "wait_milliseconds"
    case synchronousFailover = "synchronous_failover"
  }

  init(_ request: GrantsRequest) {
    waitMilliseconds = Nullable(request.waitMilliseconds)
    synchronousFailover = Nullable(request.failoverIsSynchronous)
  }
}

/// The answer of `POST /api/grants/recover`.
struct RecoveredResponse: Encodable, Sendable {
  /// The nodes whose reports were not waited for.
  let notReported: [String]

  private enum CodingKeys: String, CodingKey { case notReported = "not_reported" }
}
