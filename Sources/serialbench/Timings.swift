/// How long the calls of one kind took.
struct Timings: Sendable {
  private var milliseconds: [Double] = []

  /// Runs a call and remembers how long it took, from before it was sent to after its answer.
  mutating func measure<Value>(_ call: () async throws -> Value) async rethrows -> Value {
    let start = ContinuousClock.now
    let value = try await call()
    milliseconds.append(start.duration(to: .now) / .milliseconds(1))
    return value
  }

  /// The value that `share` of the calls did not exceed, 0...1.
  func quantile(_ share: Double) -> Double {
    let sorted = milliseconds.sorted()
    guard !sorted.isEmpty else { return .nan }
    let rank = (Double(sorted.count) * share).rounded(.up)
    return sorted[min(sorted.count - 1, max(0, Int(rank) - 1))]
  }

  var line: String {
    let figures = [("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)].map {
      "\($0.0) \(Self.format(quantile($0.1)))"
    }
    return figures.joined(separator: "  ") + "  of \(milliseconds.count) calls"
  }

  static func format(_ milliseconds: Double) -> String {
    let hundredths = Int((milliseconds * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) ms"
  }
}
