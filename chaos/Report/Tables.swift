import ChaosHistory
import ChaosVerdict

/// The verdict, item by item.
struct Tables {
  let content: Content
  let verdict: Verdict

  var html: String {
    let right = HTML.section("Regions", regions) + HTML.section("Nodes", nodes)
    return "<div class=pair>\(HTML.section("Verdict", items))<div>\(right)</div></div>\n"
      + (content.demands.isEmpty ? "" : HTML.section("What the scenario demands", demands))
  }

  private var items: String {
    let rows = verdict.rows
    return HTML.table(
      ["what", "#how many", "of these"], rows.map { [$0.name, $0.value, $0.note] },
      bad: Set(rows.indices.filter { rows[$0].isBad }))
  }

  /// Milliseconds.
  private var regions: String {
    let names = Set(verdict.latency.keys).union(verdict.longestSilence.keys).sorted {
      ($0 == "all" ? 0 : 1, $0) < ($1 == "all" ? 0 : 1, $1)
    }
    return HTML.table(
      ["region", "#acknowledged"] + Self.headings + ["#longest silence, ms"],
      names.map { name in
        [name, Figures.grouped(verdict.latency[name]?.count ?? 0)]
          + Self.cells(verdict.latency[name])
          + [verdict.longestSilence[name].map(Figures.milliseconds) ?? ""]
      })
  }

  private var nodes: String {
    HTML.table(
      ["node", "#acknowledged"] + Self.headings + ["#failed", "#unknown"],
      verdict.nodes.sorted { $0.key < $1.key }.map { name, node in
        [name, Figures.grouped(node.acknowledged)] + Self.cells(node.latency)
          + [Figures.grouped(node.failed), Figures.grouped(node.unknown)]
      })
  }

  private static let headings = ["#p50, ms", "#p90", "#p99", "#p99.9", "#max"]

  private static func cells(_ values: Percentiles?) -> [String] {
    guard let values else { return Array(repeating: "", count: headings.count) }
    return [values.p50, values.p90, values.p99, values.p999, values.max].map(Figures.milliseconds)
  }

  private var demands: String {
    HTML.table(
      ["", "demand", "seen", "#at, s"],
      content.demands.map {
        [$0.holds ? "held" : "not held", $0.text, $0.seen, Figures.seconds($0.at)]
      }, bad: Set(content.demands.indices.filter { !content.demands[$0].holds }))
  }
}
