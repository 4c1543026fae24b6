import NIOCore
import SerialFormat

/// Why an administrator does something. It is written into the history, so it has to be there.
enum Reason {
  static let bytes = 1...1000
}

/// The body of `POST /api/serials/{serial}/void` and `/unvoid`.
struct VoidRequest: Equatable {
  let reason: String
  /// How many numbers from the serial on; 1 where the body does not say.
  let count: Int

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: ["reason", "count"])
    reason = try fields.text("reason", bytes: Reason.bytes)
    count = try fields.integer("count", in: 1...Capacity.counter) ?? 1
  }
}

/// The body of `POST /api/nodes/{node}/retire` and `POST /api/grants/recover`.
struct ReasonRequest: Equatable {
  let reason: String

  init(_ body: ByteBuffer) throws(Problem) {
    reason = try BodyFields(body, known: ["reason"]).text("reason", bytes: Reason.bytes)
  }
}

/// The body of `PUT /api/counters/{kind}/{year}/frozen`.
struct FreezeRequest: Equatable {
  let frozen: Bool
  let reason: String

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: ["frozen", "reason"])
    guard let frozen = try fields.bool("frozen") else {
      throw .invalid("\"frozen\" is missing: expected true or false.", field: "frozen")
    }
    self.frozen = frozen
    reason = try fields.text("reason", bytes: Reason.bytes)
  }
}

/// The body of `PUT /api/counters/{kind}/{year}/reserve`.
struct ReserveRequest: Equatable {
  let numbers: Int

  init(_ body: ByteBuffer) throws(Problem) {
    let range = 0...Capacity.counter
    guard let numbers = try BodyFields(body, known: ["numbers"]).integer("numbers", in: range)
    else {
      throw .invalid(
        "\"numbers\" is missing: expected a whole number from 0 to \(range.upperBound).",
        field: "numbers")
    }
    self.numbers = numbers
  }
}

/// The body of `PUT /api/quotas/{subject}`. Null, or a field that is missing, stands for no limit.
struct QuotaRequest: Equatable {
  /// More would limit nothing: both counters of a year together have 199,998 numbers.
  static let limits = 1...1_000_000

  let perMinute: Int?
  let perYear: Int?

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: ["per_minute", "per_year"])
    guard fields.has("per_minute") || fields.has("per_year") else {
      throw .invalid("Expected \"per_minute\" or \"per_year\", or both; null is for no limit.")
    }
    perMinute = try fields.nullableInteger("per_minute", in: Self.limits)
    perYear = try fields.nullableInteger("per_year", in: Self.limits)
  }
}

/// The body of `PUT /api/grants`. A field that is missing leaves its setting as it is.
struct GrantsRequest: Equatable {
  static let waits = 0...3_600_000

  let waitMilliseconds: Int?
  let failoverIsSynchronous: Bool?

  init(_ body: ByteBuffer) throws(Problem) {
    let names = ["wait_milliseconds", "synchronous_failover"]
    let fields = try BodyFields(body, known: names)
    waitMilliseconds = try fields.integer(names[0], in: Self.waits)
    failoverIsSynchronous = try fields.bool(names[1])
    guard waitMilliseconds != nil || failoverIsSynchronous != nil else {
      throw .invalid("Expected \"\(names[0])\" or \"\(names[1])\", or both.")
    }
  }
}

/// The body of a request that takes none.
enum EmptyRequest {
  static func check(_ body: ByteBuffer) throws(Problem) { _ = try BodyFields(body, known: []) }
}
