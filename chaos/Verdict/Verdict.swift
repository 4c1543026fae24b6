/// What a history shows.
public struct Verdict: Sendable, Equatable, Codable {
  /// Requests.
  public var attempted = 0
  public var acknowledged = 0
  public var failed = 0
  public var unknown = 0
  /// Serials that clients received, each once.
  public var serials = 0
  /// Refusals by code, unknown outcomes by reason.
  public var failures: [String: Int] = [:]
  public var unknowns: [String: Int] = [:]

  public var duplicated: [Finding] = []
  public var outOfRange: [Finding] = []
  public var wrongYear: [Finding] = []
  public var missing: [Finding] = []
  public var unbalanced: [Finding] = []
  /// Answers of one key that differ; numbers given twice to one parent; what `verify` found; what the
  /// scenario demanded in vain; a run that did not come to its end.
  public var other: [Finding] = []

  /// Numbers in the ledger as issued that no client acknowledged, by the reason, and those for which
  /// there is none: these are violations.
  public var unclaimed: [String: Int] = [:]
  public var unexplained: [Finding] = []

  /// The longest time without an acknowledged request, by region, in milliseconds.
  public var longestSilence: [String: Double] = [:]
  /// Of acknowledged requests, in milliseconds.
  public var latency: [String: Percentiles] = [:]
  /// Length of the run in seconds.
  public var seconds = 0.0
  public var demands: [String] = []

  public init() {}

  public var violations: [Finding] {
    duplicated + outOfRange + wrongYear + missing + unbalanced + unexplained + other
  }
}

/// One thing that must not be.
public struct Finding: Sendable, Equatable, Codable, CustomStringConvertible {
  /// `duplicated`, `out-of-range`, `wrong-year`, `acknowledged-not-in-ledger`, `unbalanced`,
  /// `issued-without-reason`, `key-with-two-answers`, `disagreement`, `demand`, `cut-off`.
  public var kind: String
  public var text: String

  public init(_ kind: String, _ text: String) {
    self.kind = kind
    self.text = text
  }

  public var description: String { "\(kind): \(text)" }
}

/// Of a set of durations, in milliseconds. The values are members of the set (nearest rank).
public struct Percentiles: Sendable, Equatable, Codable {
  public var count: Int
  public var p50: Double
  public var p90: Double
  public var p99: Double
  public var p999: Double
  public var max: Double

  public init?(microseconds values: [Int]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func rank(_ share: Double) -> Double {
      let place = Int((share * Double(sorted.count)).rounded(.up)) - 1
      return Double(sorted[Swift.max(0, Swift.min(place, sorted.count - 1))]) / 1_000
    }
    count = sorted.count
    p50 = rank(0.5)
    p90 = rank(0.9)
    p99 = rank(0.99)
    p999 = rank(0.999)
    max = rank(1)
  }
}
