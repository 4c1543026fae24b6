import Foundation

/// When a counter runs out, if it goes on as it did (design section 8, `rate_per_day` and
/// `exhausted_at`).
///
/// The rate is the mean of the whole days since the first one with any number, at most 28, where a
/// day counts half of the day a week after it. Today, which is not over, counts only when it has
/// more numbers already than the mean says, or when there is no other day: a burst shows at once.
public struct Forecast: Sendable, Equatable {
  /// How many whole days the mean looks back.
  public static let days = 28
  static let halfLifeDays = 7.0

  /// Numbers a day; 0 when nothing was issued.
  public let ratePerDay: Double
  /// From now, in days; nil when the numbers last until the year ends.
  public let exhaustedAfterDays: Double?

  /// - Parameters:
  ///   - dailyNumbers: numbers issued by days ago, in UTC; 0 is today.
  ///   - remaining: numbers that can still be issued, 0...99,999.
  ///   - daysLeftInYear: until the counter's year ends; 0 or less when it is over.
  public init(dailyNumbers: [Int: Int], remaining: Int, daysLeftInYear: Double) {
    ratePerDay = max(Self.mean(dailyNumbers), Double(dailyNumbers[0] ?? 0))
    guard ratePerDay > 0, daysLeftInYear > 0 else {
      exhaustedAfterDays = nil
      return
    }
    let days = Double(max(0, remaining)) / ratePerDay
    exhaustedAfterDays = days <= daysLeftInYear ? days : nil
  }

  private static func mean(_ dailyNumbers: [Int: Int]) -> Double {
    let past = dailyNumbers.filter { (1...days).contains($0.key) && $0.value > 0 }
    guard let oldest = past.keys.max() else { return 0 }
    var weights = 0.0
    var numbers = 0.0
    for day in 1...oldest {
      let weight = exp2(-Double(day - 1) / halfLifeDays)
      weights += weight
      numbers += weight * Double(past[day] ?? 0)
    }
    return numbers / weights
  }
}
