import ChaosHistory
import ChaosVerdict

/// All charts on their common axis, with the faults as bands through them.
struct Timeline {
  private let content: Content
  private let scale: Timescale
  private let series: [Series]
  let faults: FaultRows

  init(_ content: Content) {
    self.content = content
    scale = Timescale(length: content.length)
    series = Series.make(content.operations, content.run, scale)
    faults = FaultRows(content.faults, series, scale)
  }

  var html: String {
    let bucket = Figures.fixed(scale.bucketSeconds, scale.bucket < 1_000_000 ? 1 : 0)
    let parts = [
      axis("top"), faults.html,
      group("Numbers a second", "acknowledged, in steps of \(bucket) s"),
      RequestCharts.rate(series, scale),
      group("Latency", "of acknowledged requests: line p50, thin line p99; logarithmic"),
      RequestCharts.latency(series, scale),
      group(
        "Requests that were not acknowledged",
        "in steps of \(bucket) s; the height is the root of the count",
        key("failed", "failed") + key("unknown", "unknown")),
      RequestCharts.outcomes(series, scale), ledgers, holders, axis("bottom"),
    ]
    // below the charts the bands leave their colours alone; above them the edges show through
    return "<div class=timeline><div class=bands>\(lines)\(faults.bands)</div>"
      + "<div class=\"bands edges\">\(faults.bands)</div>\n" + parts.joined() + "</div>\n"
  }

  private func group(_ title: String, _ note: String, _ keys: String = "") -> String {
    "<h3>\(title) <small>\(HTML.escaped(note))\(keys)</small></h3>\n"
  }

  private func key(_ color: String, _ name: String) -> String {
    "<span class=entry><i class=\"key \(color)\"></i>\(HTML.escaped(name))</span> "
  }

  private var lines: String {
    scale.ticks.map { "<b style=\"left:\(scale.percent($0.time))%\"></b>" }.joined()
  }

  private func axis(_ place: String) -> String {
    let labels = scale.ticks.map { tick in
      "<span style=\"left:\(scale.percent(tick.time))%\">\(tick.label)</span>"
    }
    return "<div class=\"row axis \(place)\"><div class=name></div><div class=plot>"
      + labels.joined() + "</div></div>\n"
  }

  private func top(_ counter: CounterName) -> Int {
    LedgerChart.top(of: content.used(counter), capacity: content.capacity(counter))
  }

  private var ledgers: String {
    let charts = content.counters.map { counter in
      LedgerChart(
        counter, content.ledgers.filter { $0.counter == counter }, scale, top: top(counter)
      ).html
    }
    guard !charts.isEmpty else { return "" }
    let keys = ["issued", "leased", "void", "free"].map { key($0, $0) }
    return group("Ledger", cut, keys.joined()) + charts.joined()
  }

  /// Says when the charts of numbers do not show the whole counter.
  private var cut: String {
    let parts = content.counters.filter { top($0) < content.capacity($0) }.map {
      "\($0.kind) \($0.year) up to \(Figures.grouped(top($0))) of "
        + Figures.grouped(content.capacity($0))
    }
    return parts.isEmpty ? "" : "shown: " + parts.joined(separator: ", ")
  }

  private var holders: String {
    let counters = Set(content.holdings.map(\.counter)).sorted()
    guard !counters.isEmpty else { return "" }
    let times = IssueTimes(content).times
    let charts = counters.map { counter in
      HoldersChart(
        counter, content.holdings.filter { $0.counter == counter },
        issued: times[counter] ?? [], series, scale, top: top(counter)
      ).html
    }
    let nodes = series.map { key("held n\($0.color)", $0.node) }
    let keys = nodes + [key("closed", "issued, lease closed"), key("free", "free")]
    let note = "full colour: committed; light: leased only" + (cut.isEmpty ? "" : "; " + cut)
    return group("Who holds which numbers", note, keys.joined()) + charts.joined()
  }
}
