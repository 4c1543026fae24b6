import Allocator
import LeaseCore
import SerialFormat

/// The answer of `GET /api/capacity`.
struct CapacityResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let kind: String
    let year: Int
    let capacity: Int
    let issued: Int
    let leased: Int
    let free: Int
    let void: Int
    let reserve: Int
    let frozen: Bool
    /// Issued and void of the capacity, in percent, to two decimals.
    let usedPercent: Double
    /// Issued numbers a day, to two decimals, by `Forecast`.
    let ratePerDay: Double
    /// When nothing will be left at that rate; null when the numbers last until the year ends.
    let exhaustedAt: Nullable<Timestamp>

    private enum CodingKeys: String, CodingKey {
      case kind, year, capacity, issued, leased, free, void, reserve, frozen
      case usedPercent = "used_percent"
      case ratePerDay = "rate_per_day"
      case exhaustedAt = "exhausted_at"
    }

    init(_ entry: LedgerEntry, _ forecasts: CounterForecasts) {
      kind = entry.counter.kind.rawValue
      year = entry.counter.year
      capacity = entry.capacity
      issued = entry.issued
      leased = entry.leased
      free = entry.free
      void = entry.void
      reserve = entry.reserve
      frozen = entry.frozen
      let used = Double(entry.issued + entry.void) / Double(max(entry.capacity, 1))
      usedPercent = (used * 10_000).rounded() / 100
      ratePerDay = (forecasts.forecast(of: entry).ratePerDay * 100).rounded() / 100
      exhaustedAt = Nullable(Timestamp(forecasts.exhaustion(of: entry)))
    }
  }

  /// By kind, then year.
  let counters: [Entry]

  init(_ ledger: [LedgerEntry], _ forecasts: CounterForecasts) {
    counters = ledger.sorted { $0.counter < $1.counter }.map { Entry($0, forecasts) }
  }
}
