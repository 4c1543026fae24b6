import Allocator

/// The answer of `GET /api/quotas`.
struct QuotasResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let subject: String
    let perMinute: Nullable<Int>
    let perYear: Nullable<Int>
    let usedThisMinute: Int
    let usedThisYear: Int

    private enum CodingKeys: String, CodingKey {
      case subject
      case perMinute = "per_minute"
      case perYear = "per_year"
      case usedThisMinute = "used_this_minute"
      case usedThisYear = "used_this_year"
    }

    init(_ entry: QuotaEntry) {
      subject = entry.subject
      perMinute = Nullable(entry.perMinute)
      perYear = Nullable(entry.perYear)
      usedThisMinute = entry.usedThisMinute
      usedThisYear = entry.usedThisYear
    }
  }

  /// By subject.
  let quotas: [Entry]

  init(_ entries: [QuotaEntry]) {
    quotas = entries.sorted { $0.subject < $1.subject }.map(Entry.init)
  }
}
