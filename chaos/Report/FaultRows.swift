import ChaosHistory
import ChaosVerdict

/// Faults as bars, a row for each target, and as bands through everything below.
struct FaultRows {
  /// Pixels that a plot has at least; a label has room when it would have it there.
  private static let leastWidth = 660.0
  private static let letter = 6.6

  private struct Bar {
    var number: Int
    var fault: FaultSpan
    var lane: Int
    var label: String { "\(number) \(fault.name)" }
  }

  /// Faults that are shown.
  static let most = 500

  /// In the order of their start, so that their numbers are those of the table.
  let faults: [FaultSpan]
  private let scale: Timescale
  private let colors: [String: Int]

  init(_ faults: [FaultSpan], _ series: [Series], _ scale: Timescale) {
    let order = faults.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    self.faults = Array(order.prefix(Self.most))
    self.scale = scale
    colors = Dictionary(series.map { ($0.node, $0.color) }) { first, _ in first }
  }

  private func color(_ target: String) -> String { colors[target].map { "n\($0)" } ?? "nc" }

  /// The rows of bars: nodes in their order, then others by name.
  var html: String {
    let targets = Set(faults.map(\.target)).sorted {
      (colors[$0] ?? Int.max, $0) < (colors[$1] ?? Int.max, $1)
    }
    return targets.map { target in
      let bars = lanes(target)
      let height = ((bars.map(\.lane).max() ?? 0) + 1) * 20
      return """
        <div class=row><div class="name whole"><b class="\(color(target))">\(HTML.escaped(target))</b></div>\
        <div class="plot faults" style="height:\(height)px">\
        \(bars.indices.map { bar(bars, $0) }.joined())</div></div>

        """
    }.joined()
  }

  /// Bars that overlap stand below each other; so do those whose labels would, when that takes no more
  /// than four lanes.
  private func lanes(_ target: String) -> [Bar] {
    let wide = lanes(target, isLabelled: true)
    return wide.contains { $0.lane >= 4 } ? lanes(target, isLabelled: false) : wide
  }

  private func lanes(_ target: String, isLabelled: Bool) -> [Bar] {
    var ends: [Int] = []
    var bars: [Bar] = []
    for (index, fault) in faults.enumerated() where fault.target == target {
      let lane = ends.firstIndex { $0 <= fault.start } ?? ends.count
      if lane == ends.count { ends.append(0) }
      let bar = Bar(number: index + 1, fault: fault, lane: lane)
      let width = isLabelled ? time(of: bar.label) : scale.length / 150
      let isInside = width <= fault.end - fault.start
      ends[lane] = isInside || !isLabelled ? max(fault.end, fault.start + width) : fault.end + width
      bars.append(bar)
    }
    return bars
  }

  /// The time that a label takes.
  private func time(of label: String) -> Int {
    let pixels = Double(label.count) * Self.letter + 10
    return Int(pixels / Self.leastWidth * Double(scale.length))
  }

  private func bar(_ bars: [Bar], _ index: Int) -> String {
    let bar = bars[index]
    let next = bars[(index + 1)...].first { $0.lane == bar.lane }?.fault.start ?? scale.length
    let length = bar.fault.end - bar.fault.start
    let labels = [bar.label, String(bar.number)]
    let within = labels.first { time(of: $0) <= length }
    let behind = labels.first { time(of: $0) <= next - bar.fault.end }
    // the longer one
    let inside = within == bar.label || behind != bar.label && within != nil
    let label = (inside ? within : behind) ?? ""
    let start = scale.percent(bar.fault.start)
    let width = Double(max(0, bar.fault.end - bar.fault.start)) / Double(scale.length) * 100
    return """
      <div class="bar \(color(bar.fault.target))\(inside ? " in" : "")" \
      style="left:\(start)%;width:\(Figures.fixed(width, 2))%;top:\(bar.lane * 20 + 1)px" \
      title="\(HTML.escaped(hint(bar)))"><span>\(HTML.escaped(label))</span></div>
      """
  }

  private func hint(_ bar: Bar) -> String {
    "\(bar.number) \(bar.fault.name): \(bar.fault.detail); "
      + "\(Figures.seconds(bar.fault.start)) to \(Figures.seconds(bar.fault.end)) s"
  }

  /// The bands.
  var bands: String {
    faults.map { fault in
      let width = Double(max(0, fault.end - fault.start)) / Double(scale.length) * 100
      return "<i class=\(color(fault.target)) style=\"left:\(scale.percent(fault.start))%;"
        + "width:\(Figures.fixed(width, 2))%\"></i>"
    }.joined()
  }

  /// What was done, when, to whom.
  var table: String {
    HTML.table(
      ["#No.", "fault", "target", "what was done", "#from, s", "#to, s", "#for, s"],
      faults.enumerated().map { index, fault in
        [
          String(index + 1), fault.name, fault.target, fault.detail, Figures.seconds(fault.start),
          Figures.seconds(fault.end), Figures.seconds(fault.end - fault.start),
        ]
      })
  }
}
