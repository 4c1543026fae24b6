import ChaosHistory
import ChaosVerdict

/// Issued, leased and free numbers of one counter over time, on each other.
struct LedgerChart {
  let counter: CounterName
  private let samples: [LedgerSample]
  private let scale: Timescale
  /// The number that the chart ends with.
  let top: Int

  init(_ counter: CounterName, _ samples: [LedgerSample], _ scale: Timescale, top: Int) {
    self.counter = counter
    self.samples = samples.sorted { $0.at < $1.at }
    self.scale = scale
    self.top = top
  }

  /// Where a chart of what was used ends: all of the counter when more than half of it was.
  static func top(of used: Int, capacity: Int) -> Int {
    guard used * 2 <= capacity else { return capacity }
    return min(capacity, Int(Plot.ceiling(Double(max(10, used)) * 1.02)))
  }

  /// From when to when each sample is shown: until the next one, unless that is long after.
  static func spans(_ times: [Int], end: Int) -> [Range<Int>] {
    let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.sorted()
    let usual = gaps.isEmpty ? end : gaps[gaps.count / 2]
    return times.indices.map { index in
      let next = index + 1 < times.count ? times[index + 1] : end
      return times[index]..<max(times[index], min(next, times[index] + usual * 4))
    }
  }

  var html: String {
    let spans = Self.spans(samples.map(\.at), end: scale.length)
    var (issued, leased, void, hints) = ("", "", "", "")
    for (sample, span) in zip(samples, spans) {
      let (left, right) = (scale.x(span.lowerBound), scale.x(span.upperBound))
      let first = y(sample.issued)
      let second = y(sample.issued + sample.leased)
      issued += Plot.box(left, first, to: right, 100)
      leased += Plot.box(left, second, to: right, first)
      if sample.void > 0 {
        void += Plot.box(left, y(sample.issued + sample.leased + sample.void), to: right, second)
      }
    }
    let every = max(1, samples.count / scale.count)
    for index in stride(from: 0, to: samples.count, by: every) {
      let (sample, span) = (samples[index], spans[index])
      hints += """
        <rect class=hint x=\(Plot.coordinate(scale.x(span.lowerBound))) y=0 \
        width=\(Plot.coordinate(scale.x(span.upperBound) - scale.x(span.lowerBound))) height=100>\
        <title>\(Figures.seconds(sample.at)) s: \(Figures.grouped(sample.issued)) issued, \
        \(Figures.grouped(sample.leased)) leased, \(Figures.grouped(sample.free)) free, \
        \(Figures.grouped(sample.void)) void</title></rect>
        """
    }
    let labels = [0, 0.5, 1].map { place in
      (place, Figures.grouped(Int((Double(top) * (1 - place)).rounded())))
    }
    return Plot(
      pixels: 110, name: counter.kind, detail: String(counter.year), color: "", labels: labels,
      body: "<path class=issued d=\"\(issued)\"/><path class=leased d=\"\(leased)\"/>"
        + "<path class=void d=\"\(void)\"/>\(hints)"
    ).html
  }

  private func y(_ numbers: Int) -> Double {
    100 - Double(max(0, min(numbers, top))) / Double(top) * 100
  }
}
