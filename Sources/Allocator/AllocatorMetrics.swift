import LeaseCore
import Metrics
import SerialFormat

/// The allocator's metrics, by the names of design section 8.
struct AllocatorMetrics: Sendable {
  private let issuedTotals: [CounterKind: Metrics.Counter]
  private let allocateSeconds = Recorder(label: "serial_allocate_seconds")
  private let commitSeconds = Recorder(label: "serial_commit_seconds")
  private let commitBatchSize = Recorder(label: "serial_commit_batch_size")
  private let fencedTotal = Metrics.Counter(label: "serial_fenced_total")
  private let incidentsTotal = Metrics.Counter(label: "serial_incidents_total")
  private let isUp = Gauge(label: "serial_coordinator_up")

  init() {
    issuedTotals = Dictionary(
      uniqueKeysWithValues: CounterKind.allCases.map {
        ($0, Metrics.Counter(label: "serial_issued_total", dimensions: [("kind", $0.rawValue)]))
      })
    // A series that has not happened yet reads 0 and not nothing.
    for total in issuedTotals.values { total.increment(by: 0) }
    fencedTotal.increment(by: 0)
    incidentsTotal.increment(by: 0)
    isUp.record(0)
  }

  func issued(kind: CounterKind, count: Int) { issuedTotals[kind]?.increment(by: count) }

  func allocated(in duration: Duration) { allocateSeconds.record(duration / .seconds(1)) }

  /// A commit was answered; `numbers` is nil when it was refused.
  func committed(in duration: Duration, numbers: Int?) {
    commitSeconds.record(duration / .seconds(1))
    if let numbers { commitBatchSize.record(numbers) }
  }

  func coordinatorIsUp(_ up: Bool) { isUp.record(up ? 1 : 0) }

  func incident() { incidentsTotal.increment() }

  /// The coordinator took a report of what the node holds.
  func reported(carved: Int, overlapping: Int) {
    event("reported")
    if carved > 0 {
      incidentsTotal.increment()
      event("carved", by: carved)
    }
    if overlapping > 0 {
      incidentsTotal.increment()
      event("overlap", by: overlapping)
    }
  }

  /// The coordinator does not know this process any more.
  func forgotten() {
    incidentsTotal.increment()
    event("forgotten")
  }

  func journalFailed() { event("journal-failed") }

  func noted(_ note: MachineAction.Note) {
    switch note {
    case .granted: event("granted")
    case .fenced:
      fencedTotal.increment()
      event("fenced")
    case .recalled: event("recalled")
    case .released: event("released")
    case .resolved(let committed): event(committed ? "resolved-committed" : "resolved-not-done")
    case .stocked: event("stocked")
    case .abandoned: event("abandoned")
    case .recorded(let count): event("recorded", by: count)
    case .unreported(let count):
      incidentsTotal.increment()
      event("unreported", by: count)
    case .incident:
      incidentsTotal.increment()
      event("incident")
    case .superseded: event("superseded")
    }
  }

  private func event(_ name: String, by count: Int = 1) {
    Metrics.Counter(label: "serial_lease_events_total", dimensions: [("event", name)])
      .increment(by: count)
  }
}
