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
  }

  /// In the order of their start, so that their numbers are those of the table.
  let faults: [FaultSpan]
  private let scale: Timescale
  private let colors: [String: Int]

  init(_ faults: [FaultSpan], _ series: [Series], _ scale: Timescale) {
    self.faults = faults.sorted { ($0.start, $0.end) < ($1.start, $1.end) }
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
        <div class=row><div class=name><b class="\(color(target))">\(HTML.escaped(target))</b></div>\
        <div class="plot faults" style="height:\(height)px">\
        \(bars.indices.map { bar(bars, $0) }.joined())</div></div>

        """
    }.joined()
  }

  /// Bars that overlap stand below each other.
  private func lanes(_ target: String) -> [Bar] {
    var ends: [Int] = []
    var bars: [Bar] = []
    for (index, fault) in faults.enumerated() where fault.target == target {
      let lane = ends.firstIndex { $0 <= fault.start } ?? ends.count
      if lane == ends.count { ends.append(0) }
      ends[lane] = max(fault.end, fault.start + scale.length / 150)
      bars.append(Bar(number: index + 1, fault: fault, lane: lane))
    }
    return bars
  }

  private func bar(_ bars: [Bar], _ index: Int) -> String {
    let bar = bars[index]
    let next = bars[(index + 1)...].first { $0.lane == bar.lane }
    let room = (next?.fault.start ?? scale.length) - bar.fault.start
    let long = "\(bar.number) \(bar.fault.name)"
    let label = [long, String(bar.number)].first { fits($0, room) } ?? ""
    let inside = fits(label, bar.fault.end - bar.fault.start)
    let start = scale.percent(bar.fault.start)
    let width = Double(max(0, bar.fault.end - bar.fault.start)) / Double(scale.length) * 100
    return """
      <div class="bar \(color(bar.fault.target))\(inside ? " in" : "")" \
      style="left:\(start)%;width:\(Figures.fixed(width, 2))%;top:\(bar.lane * 20 + 1)px" \
      title="\(HTML.escaped(hint(bar)))"><span>\(HTML.escaped(label))</span></div>
      """
  }

  private func fits(_ label: String, _ room: Int) -> Bool {
    let pixels = Double(room) / Double(scale.length) * Self.leastWidth
    return Double(label.count) * Self.letter + 10 <= pixels
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
      faults.prefix(500).enumerated().map { index, fault in
        [
          String(index + 1), fault.name, fault.target, fault.detail, Figures.seconds(fault.start),
          Figures.seconds(fault.end), Figures.seconds(fault.end - fault.start),
        ]
      })
  }
}
