public import FoundationEssentials

/// A point in time exactly as PostgreSQL keeps a `timestamptz`: whole microseconds.
public struct UTCMicroseconds: Sendable, Hashable, Comparable, ColumnDecodable {
  /// Microseconds since 1970-01-01 00:00 UTC.
  public let sinceEpoch: Int64

  /// Makes a point in time.
  public init(sinceEpoch: Int64) { self.sinceEpoch = sinceEpoch }

  public static func < (one: Self, other: Self) -> Bool { one.sinceEpoch < other.sinceEpoch }

  /// The same point as a `Date`, whose `Double` rounds to about a tenth of a microsecond today.
  public var date: Date { Date(timeIntervalSince1970: Double(sinceEpoch) / 1_000_000) }

  /// Reads `2026-11-23 21:30:40.123456+00`, the form of DateStyle ISO; the offset may have
  /// minutes and seconds. `nil` for anything else: `infinity`, years B.C. or above 9999.
  public static func decode(columnText: String?) -> Self? {
    guard let columnText else { return nil }
    var reader = Digits(bytes: Array(columnText.utf8))
    guard let year = reader.number(of: 4), reader.take("-"), let month = reader.number(of: 2),
      reader.take("-"), let day = reader.number(of: 2), reader.take(" "),
      let hour = reader.number(of: 2), reader.take(":"), let minute = reader.number(of: 2),
      reader.take(":"), let second = reader.number(of: 2),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction: Int64 = 0
    if reader.take(".") {
      guard let digits = reader.fraction() else { return nil }
      fraction = digits
    }
    guard let offset = reader.offsetSeconds(), reader.isAtEnd else { return nil }
    let seconds =
      daysSinceEpoch(year: year, month: month, day: day) * 86_400
      + hour * 3_600 + minute * 60 + second - offset
    return Self(sinceEpoch: seconds * 1_000_000 + fraction)
  }

  /// Days from 1970-01-01 in the proleptic Gregorian calendar. The year is counted from March,
  /// so that the leap day is its last.
  private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let era = marchYear / 400
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private struct Digits {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func digit() -> Int64? {
      guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
      defer { position += 1 }
      return Int64(bytes[position] - 0x30)
    }

    mutating func number(of digits: Int) -> Int64? {
      var value: Int64 = 0
      for _ in 0..<digits {
        guard let next = digit() else { return nil }
        value = value * 10 + next
      }
      return value
    }

    /// One to six digits after the point, in microseconds.
    mutating func fraction() -> Int64? {
      var value: Int64 = 0
      var scale: Int64 = 1_000_000
      while scale > 1, let next = digit() {
        value = value * 10 + next
        scale /= 10
      }
      return scale == 1_000_000 ? nil : value * scale
    }

    mutating func offsetSeconds() -> Int64? {
      let isEast = take("+")
      guard isEast || take("-"), let hours = number(of: 2) else { return nil }
      var seconds = hours * 3_600
      for unit: Int64 in [60, 1] where take(":") {
        guard let value = number(of: 2) else { return nil }
        seconds += value * unit
      }
      return isEast ? seconds : -seconds
    }
  }
}
