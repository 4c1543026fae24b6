import Allocator
import Foundation
import LeaseCore

/// When the counters run out, by the history in the ledger and a clock.
struct CounterForecasts: Sendable {
  private static let secondsPerDay = 86_400.0

  private let dailyNumbers: [Counter: [Int: Int]]
  private let now: Date

  init(_ history: [DailyIssues], now: Date) {
    var dailyNumbers: [Counter: [Int: Int]] = [:]
    for day in history { dailyNumbers[day.counter, default: [:]][day.daysAgo] = day.numbers }
    self.dailyNumbers = dailyNumbers
    self.now = now
  }

  func forecast(of entry: LedgerEntry) -> Forecast {
    Forecast(
      dailyNumbers: dailyNumbers[entry.counter] ?? [:], remaining: entry.free + entry.leased,
      daysLeftInYear: daysLeft(in: entry.counter.year))
  }

  /// The instant of the forecast; nil when the numbers last until the year ends.
  func exhaustion(of entry: LedgerEntry) -> Date? {
    forecast(of: entry).exhaustedAfterDays.map {
      now.addingTimeInterval($0 * Self.secondsPerDay)
    }
  }

  /// Days until the year ends in UTC; negative when it is over.
  private func daysLeft(in year: Int) -> Double {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    guard let end = calendar.date(from: DateComponents(year: year + 1)) else { return 0 }
    return end.timeIntervalSince(now) / Self.secondsPerDay
  }
}
