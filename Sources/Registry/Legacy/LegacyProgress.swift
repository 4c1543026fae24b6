/// How far a step is, how fast, and how long it will take: pure arithmetic on a clock's readings.
public struct LegacyProgress: Sendable, Equatable {
  /// Rows of the step; rows that come meanwhile may make it more.
  public let total: Int
  public private(set) var done = 0
  private let startedAt: Double
  private var now: Double

  /// - Parameter startedAt: the clock's reading, in seconds.
  public init(total: Int, startedAt: Double) {
    self.total = total
    self.startedAt = startedAt
    now = startedAt
  }

  /// So many rows are done in all.
  public mutating func advance(to done: Int, at seconds: Double) {
    self.done = done
    now = max(now, seconds)
  }

  /// 0...1.
  public var fraction: Double {
    total <= 0 ? 1 : min(1, Double(done) / Double(total))
  }

  /// Rows a second; nil while there is nothing to tell it from.
  public var rate: Double? {
    done > 0 && now > startedAt ? Double(done) / (now - startedAt) : nil
  }

  /// Seconds that are left at this rate; nil while it is not known.
  public var secondsLeft: Double? {
    rate.map { Double(max(0, total - done)) / $0 }
  }

  /// A bar with rate and time left, such as `[######----]  60%  12,000 rows/s  0:31 left`.
  public func line(width: Int = 24) -> String {
    let filled = Int(fraction * Double(width))
    let bar =
      String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    let percent = String(Int(fraction * 100))
    var text = "[\(bar)] " + String(repeating: " ", count: 3 - percent.count) + "\(percent)%"
    text += "  \(Self.grouped(done)) of \(Self.grouped(total))"
    if let rate { text += "  \(Self.grouped(Int(rate.rounded()))) rows/s" }
    if let secondsLeft { text += "  \(Self.time(secondsLeft)) left" }
    return text
  }

  /// `1:02:03`, or `2:03` below an hour; rounded up, so that it is 0:00 only at the end.
  static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (whole / 3_600, whole / 60 % 60, whole % 60)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  /// With a comma between groups of three digits.
  public static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var text = value < 0 ? "-" : ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.count - position).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }
}
