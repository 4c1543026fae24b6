import CoreMetrics
import Synchronization

/// Holds every series of the process. One lock guards the table; recording does not take it.
public final class Registry: Sendable {
  /// How many series are kept. A label with unbounded values must not fill the memory.
  public static let seriesLimit = 10_000
  /// Counts the metrics that were turned away: too many series, or a name used for two kinds.
  public static let refusedName = "metrics_refused_total"

  private struct Family {
    let kind: MetricFamily.Kind
    var instruments: [Labels: any Instrument]
  }

  private struct State {
    var families: [String: Family] = [:]
    var series = 0
    var refused = 0
  }

  private let catalogue: Catalogue
  private let state = Mutex(State())

  public init(catalogue: Catalogue = Catalogue()) { self.catalogue = catalogue }

  /// Every series at this moment.
  public func families() -> [MetricFamily] {
    let (families, refused) = state.withLock { ($0.families, $0.refused) }
    var result = families.map { name, family in
      MetricFamily(
        name: name, help: catalogue.help(for: name), kind: family.kind,
        series: family.instruments.map { Series(labels: $0.key, value: $0.value.reading) })
    }
    if refused > 0 {
      let series = [Series(labels: Labels([]), value: .number(Double(refused)))]
      result.append(
        MetricFamily(
          name: Self.refusedName, help: "Series that were not kept.", kind: .counter,
          series: series))
    }
    return result
  }

  func counter(_ label: String, _ labels: [(String, String)]) -> CounterInstrument? {
    instrument(label, labels, .counter) { _ in CounterInstrument() }
  }

  func gauge(_ label: String, _ labels: [(String, String)]) -> GaugeInstrument? {
    instrument(label, labels, .gauge) { _ in GaugeInstrument() }
  }

  func histogram(_ label: String, _ labels: [(String, String)]) -> HistogramInstrument? {
    instrument(label, labels, .histogram) { HistogramInstrument(bounds: catalogue.bounds(for: $0)) }
  }

  /// The series of that name and those labels, made when there is none; nil when it is refused.
  private func instrument<Made: Instrument>(
    _ label: String, _ labels: [(String, String)], _ kind: MetricFamily.Kind,
    make: (String) -> Made
  ) -> Made? {
    let name = Name.metric(label)
    let labels = Labels(labels)
    return state.withLock { state -> Made? in
      var family = state.families[name] ?? Family(kind: kind, instruments: [:])
      if let known = family.instruments[labels] as? Made { return known }
      guard family.kind == kind, name != Self.refusedName, state.series < Self.seriesLimit else {
        state.refused += 1
        return nil
      }
      let made = make(name)
      family.instruments[labels] = made
      state.families[name] = family
      state.series += 1
      return made
    }
  }

  /// Takes a series out.
  func remove(_ handler: AnyObject) {
    state.withLock { state in
      for (name, family) in state.families {
        guard let labels = family.instruments.first(where: { $0.value === handler })?.key else {
          continue
        }
        state.families[name]?.instruments[labels] = nil
        state.series -= 1
        if state.families[name]?.instruments.isEmpty == true { state.families[name] = nil }
        return
      }
    }
  }
}
