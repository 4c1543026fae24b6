/// Of a set of durations, in milliseconds. The values are members of the set (nearest rank).
public struct Percentiles: Sendable, Equatable, Codable {
  public var count: Int
  public var p50: Double
  public var p90: Double
  public var p99: Double
  public var p999: Double
  public var max: Double

  /// - Parameter values: in microseconds, in any order; nil when there are none.
  public init?(microseconds values: [Int]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    /// The share is in thousandths: a product of fractions can round past the rank.
    func rank(_ thousandths: Int) -> Double {
      let place = (thousandths * sorted.count + 999) / 1_000 - 1
      return Double(sorted[Swift.max(0, place)]) / 1_000
    }
    count = sorted.count
    p50 = rank(500)
    p90 = rank(900)
    p99 = rank(990)
    p999 = rank(999)
    max = rank(1_000)
  }
}
