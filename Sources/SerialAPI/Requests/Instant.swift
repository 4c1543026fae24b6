import Foundation

/// Instants in requests: RFC 3339, which is the part of ISO 8601 that names one instant.
enum Instant {
  static let expected = "an instant such as 2026-01-31T12:00:00Z"

  /// Date, time of day, fraction and offset; `T` and `Z` in either case. Nil for anything else, for
  /// days that no month has, and outside of the years 1 to 9999 in UTC.
  static func read(_ text: String) -> Date? {
    // A pattern looks at every byte; no instant is longer.
    guard text.utf8.count <= 40,
      let match = text.wholeMatch(
        of:
          /([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})/
      ),
      let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
      let hour = Int(match.4), let minute = Int(match.5), let second = Int(match.6),
      let offset = offsetSeconds(match.8),
      (1...9999).contains(year), (1...12).contains(month),
      (1...days(of: month, year)).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    let fraction = match.7.flatMap { Double("0\($0)") } ?? 0
    let seconds =
      daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
    guard (first...last).contains(seconds) else { return nil }
    return Date(timeIntervalSince1970: Double(seconds) + fraction)
  }

  private static let first = daysSince1970(1, 1, 1) * 86_400
  private static let last = daysSince1970(10_000, 1, 1) * 86_400 - 1

  private static func offsetSeconds(_ text: Substring) -> Int? {
    guard let sign = text.first, sign == "+" || sign == "-" else { return 0 }
    let parts = text.dropFirst().split(separator: ":")
    guard parts.count == 2, let hours = Int(parts[0]), let minutes = Int(parts[1]), hours < 24,
      minutes < 60
    else { return nil }
    return (sign == "-" ? -1 : 1) * (hours * 3_600 + minutes * 60)
  }

  private static func days(of month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Of the Gregorian calendar, counted from March on, so that the leap day is the last of a year.
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
  }
}
