public import FoundationEssentials

/// From when to when a certificate holds.
public struct CertificateValidity: Sendable, Equatable {
  /// The first instant at which it holds.
  public let notBefore: Date
  /// The last instant at which it holds.
  public let notAfter: Date

  /// Any two instants, also past ones: tests need certificates that have ended.
  public init(notBefore: Date, notAfter: Date) {
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  /// From five minutes ago, so that a clock that is a little behind accepts it, for `days` days.
  /// A negative number gives one that has ended.
  public static func days(_ days: Int, from start: Date = Date()) -> CertificateValidity {
    let end = start.addingTimeInterval(Double(days) * 86_400)
    return CertificateValidity(
      notBefore: min(start, end.addingTimeInterval(-86_400)).addingTimeInterval(-300),
      notAfter: end)
  }
}
