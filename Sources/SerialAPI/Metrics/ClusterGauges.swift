import Allocator
import Foundation
import LeaseCore
import PrometheusText
import SerialFormat
import Synchronization

/// The metrics that are read from the coordinator when somebody scrapes.
///
/// A reading serves every scrape of the next second, and scrapes that come while one is under way
/// wait for it, so that no number of scrapes adds load to the coordinator. When a reading fails or
/// is late, `serial_coordinator_up` is 0 and the series of the ledger are missing: an old number
/// would look like a true one.
final class ClusterGauges: Sendable {
  /// How long a reading is used.
  static let freshness = Duration.seconds(1)

  private struct State {
    var readAt: ContinuousClock.Instant?
    var families: [MetricFamily] = []
    var running: Task<[MetricFamily], Never>?
  }

  private let cluster: any ClusterReading
  private let limit: Duration
  private let date: @Sendable () -> Date
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  init(
    cluster: any ClusterReading, limit: Duration,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
    date: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.cluster = cluster
    self.limit = limit
    self.date = date
    self.now = now
  }

  /// At most `limit` later than asked for.
  func families() async -> [MetricFamily] {
    let running: Task<[MetricFamily], Never>? = state.withLock { state in
      if let running = state.running { return running }
      if let readAt = state.readAt, now() - readAt <= Self.freshness { return nil }
      // Held here until it is over, which the deadline bounds; a scraper that goes away does not
      // take the reading from the others.
      let task = Task { await refresh() }
      state.running = task
      return task
    }
    guard let running else { return state.withLock { $0.families } }
    return await running.value
  }

  private func refresh() async -> [MetricFamily] {
    let (cluster, date) = (cluster, date)
    let reading = await Deadline.within(limit) { await Self.read(cluster, date) }
    let families = reading ?? [Self.up(false)]
    let readAt = now()
    state.withLock { state in
      state.families = families
      state.readAt = readAt
      state.running = nil
    }
    return families
  }

  private static func read(
    _ cluster: any ClusterReading, _ date: @Sendable () -> Date
  ) async -> [MetricFamily] {
    var families: [MetricFamily] = []
    if let facts = await cluster.connectionFacts() {
      families.append(
        .gauge(
          "serial_coordinator_certificate_end_timestamp_seconds",
          help: "When the coordinator's certificate ends, in seconds since 1970.",
          [([], facts.certificateEnd.timeIntervalSince1970)]))
    }
    do throws(CoordinatorError) {
      let (entries, held) = (try await cluster.ledger(), try await cluster.leases())
      let forecasts = CounterForecasts(try await cluster.history(), now: date())
      families += [ledger(entries), exhaustion(entries, forecasts), leases(held), atRisk(held)]
      families.append(up(true))
    } catch {
      families.append(up(false))
    }
    return families
  }

  private static func up(_ isUp: Bool) -> MetricFamily {
    .gauge(
      "serial_coordinator_up", help: "Whether the coordinator answers this node.",
      [([], isUp ? 1 : 0)])
  }

  private static func ledger(_ entries: [LedgerEntry]) -> MetricFamily {
    .gauge(
      "serial_ledger_numbers", help: "Numbers of a counter by state; together its capacity.",
      entries.flatMap { entry in
        [
          (NumberEntry.State.free, entry.free), (.issued, entry.issued), (.leased, entry.leased),
          (.void, entry.void),
        ].map { state, count in
          (
            [
              ("kind", entry.counter.kind.rawValue), ("year", "\(entry.counter.year)"),
              ("state", state.rawValue),
            ], Double(count)
          )
        }
      })
  }

  private static func leases(_ entries: [LeaseEntry]) -> MetricFamily {
    .gauge(
      "serial_leases", help: "Live leases in the whole cluster.",
      CounterKind.allCases.map { kind in
        ([("kind", kind.rawValue)], Double(entries.count { $0.counter.kind == kind }))
      })
  }

  /// Only counters that run out before their year does have a series.
  private static func exhaustion(
    _ entries: [LedgerEntry], _ forecasts: CounterForecasts
  ) -> MetricFamily {
    .gauge(
      "serial_exhaustion_timestamp_seconds",
      help: "When a counter runs out at the rate of its last 28 days, in seconds since 1970.",
      entries.compactMap { entry in
        forecasts.exhaustion(of: entry).map { date in
          (
            [("kind", entry.counter.kind.rawValue), ("year", "\(entry.counter.year)")],
            date.timeIntervalSince1970
          )
        }
      })
  }

  private static func atRisk(_ entries: [LeaseEntry]) -> MetricFamily {
    .gauge(
      "serial_at_risk_numbers",
      help: "Numbers committed ahead and not handed out: what crashes of all holders would lose.",
      CounterKind.allCases.map { kind in
        let held = entries.filter { $0.counter.kind == kind }
        return ([("kind", kind.rawValue)], Double(held.reduce(0) { $0 + $1.atRisk }))
      })
  }
}
