import ChaosHistory
import ChaosVerdict

/// Who held which numbers of a counter, and when they were issued for good: time on x, numbers on y.
struct HoldersChart {
  /// Rectangles in all; above that moments are left out.
  static let limit = 5_000
  /// Rows that numbers are gathered in, at most.
  private static let most = 320

  let counter: CounterName
  let top: Int
  private let samples: [HoldingsSample]
  private let issued: [Int?]
  private let scale: Timescale
  private let colors: [String: Int]

  /// - Parameter issued: by number, when it was issued, in microseconds.
  init(
    _ counter: CounterName, _ samples: [HoldingsSample], issued: [Int?], _ series: [Series],
    _ scale: Timescale, top: Int
  ) {
    self.counter = counter
    self.samples = samples.sorted { $0.at < $1.at }
    self.issued = issued
    self.scale = scale
    self.top = top
    colors = Dictionary(series.map { ($0.node, $0.color) }) { first, _ in first }
  }

  private var rows: Int { min(top, Self.most) }

  /// The row of a number, from 0.
  private func row(_ number: Int) -> Int {
    max(0, min(rows - 1, (number - 1) * rows / max(1, top)))
  }

  /// A part of a lease, in rows.
  struct Patch: Hashable {
    var color: Int?
    var isCommitted: Bool
    var rows: Range<Int>
  }

  /// A patch and how long it stayed as it was.
  struct Box {
    var patch: Patch
    var time: Range<Int>
  }

  /// The boxes, from so many samples that they are not too many.
  var boxes: [Box] {
    var every = 1
    while true {
      let some = stride(from: 0, to: samples.count, by: every).map { samples[$0] }
      let boxes = merged(some)
      if boxes.count <= Self.limit || some.count < 2 { return Array(boxes.prefix(Self.limit)) }
      every *= 2
    }
  }

  private func merged(_ samples: [HoldingsSample]) -> [Box] {
    var done: [Box] = []
    var open: [Patch: Range<Int>] = [:]
    let spans = LedgerChart.spans(samples.map(\.at), end: scale.length)
    for (sample, span) in zip(samples, spans) {
      var now: [Patch: Range<Int>] = [:]
      for patch in sample.holdings.flatMap(patches) {
        let before = open[patch].flatMap { $0.upperBound == span.lowerBound ? $0.lowerBound : nil }
        now[patch] = (before ?? span.lowerBound)..<span.upperBound
      }
      for (patch, time) in open where now[patch]?.contains(time.lowerBound) != true {
        done.append(Box(patch: patch, time: time))
      }
      open = now
    }
    done += open.map { Box(patch: $0.key, time: $0.value) }
    return done.sorted {
      ($0.time.lowerBound, $0.patch.rows.lowerBound) < (
        $1.time.lowerBound, $1.patch.rows.lowerBound
      )
    }
  }

  private func patches(_ holding: HoldingsSample.Holding) -> [Patch] {
    guard holding.first <= holding.last else { return [] }
    let color = colors[holding.node]
    let (bottom, top) = (row(holding.first), row(holding.last) + 1)
    let middle =
      holding.committed < holding.first
      ? bottom : holding.committed >= holding.last ? top : row(holding.committed + 1)
    var patches: [Patch] = []
    if middle > bottom {
      patches.append(Patch(color: color, isCommitted: true, rows: bottom..<middle))
    }
    if top > middle {
      patches.append(Patch(color: color, isCommitted: false, rows: middle..<top))
    }
    return patches
  }

  /// Rows of which half was issued, from when on.
  private var closed: String {
    var times: [[Int]] = Array(repeating: [], count: rows)
    var sizes = Array(repeating: 0, count: rows)
    for number in 1...max(1, top) {
      let row = row(number)
      sizes[row] += 1
      if number < issued.count, let time = issued[number] { times[row].append(time) }
    }
    var path = ""
    for row in 0..<rows where times[row].count * 2 >= sizes[row] && sizes[row] > 0 {
      let time = times[row].sorted()[(sizes[row] - 1) / 2]
      path += Plot.box(
        scale.x(time), Double(rows - row - 1), to: Timescale.width, Double(rows - row))
    }
    return path
  }

  var html: String {
    var paths: [String: String] = [:]
    for box in boxes {
      let name = (box.patch.color.map { "n\($0)" } ?? "nc") + (box.patch.isCommitted ? "" : " open")
      paths[name, default: ""] += Plot.box(
        scale.x(box.time.lowerBound), Double(rows - box.patch.rows.upperBound),
        to: scale.x(box.time.upperBound), Double(rows - box.patch.rows.lowerBound))
    }
    let body = paths.sorted { $0.key < $1.key }.map { name, path in
      "<path class=\"held \(name)\" d=\"\(path)\"/>"
    }
    let labels = [0, 0.25, 0.5, 0.75, 1].map { place in
      (place, Figures.grouped(max(1, Int((Double(top) * (1 - place)).rounded()))))
    }
    return Plot(
      pixels: 320, name: counter.kind, detail: String(counter.year), color: "", labels: labels,
      body: "<path class=closed d=\"\(closed)\"/>" + body.joined(), height: Double(rows)
    ).html
  }
}
