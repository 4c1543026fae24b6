public import Foundation
public import SerialFormat

/// Serials that were issued.
public struct Allocation<Number: SerialProtocol>: Sendable, Equatable, Decodable {
  public let serials: [Number]
  /// The UTC year of all of them.
  public let year: Int
  /// The node that issued them.
  public let node: String
}

/// How full a counter is: issued + leased + free + void = capacity.
public struct CounterCapacity: Sendable, Equatable, Decodable {
  public let kind: CounterKind
  public let year: Int
  public let capacity: Int
  public let issued: Int
  /// In the hands of nodes, not issued.
  public let leased: Int
  public let free: Int
  /// Struck out by an operator.
  public let void: Int
  /// The last numbers, kept for administrators.
  public let reserve: Int
  public let isFrozen: Bool
  public let usedPercent: Double
  public let ratePerDay: Double?
  /// When nothing will be left at that rate; nil when the numbers last until the year ends.
  public let exhaustedAt: Date?

  private enum CodingKeys: String, CodingKey {
    case kind, year, capacity, issued, leased, free, void, reserve
    case isFrozen = "frozen"
    case usedPercent = "used_percent"
    case ratePerDay = "rate_per_day"
    case exhaustedAt = "exhausted_at"
  }
}

/// What the service says of a text that may be a serial.
public struct Verdict: Sendable, Equatable, Decodable {
  public let serial: String
  public let isValid: Bool
  /// Nil for what is not valid.
  public let kind: SerialKind?
  /// What is wrong with it; nil for what is valid.
  public let reason: String?

  private enum CodingKeys: String, CodingKey {
    case serial, kind, reason
    case isValid = "valid"
  }
}
