import ChaosHistory
import ChaosVerdict

/// The verdict, item by item.
struct Tables {
  let content: Content
  let verdict: Verdict

  var html: String {
    HTML.section("Verdict", items) + HTML.section("Latency and silence", latency)
      + (content.demands.isEmpty ? "" : HTML.section("What the scenario demands", demands))
  }

  private var items: String {
    HTML.table(
      ["what", "#how many", "of these"], verdict.rows.map { [$0.name, $0.value, $0.note] })
  }

  private var latency: String {
    let regions = verdict.latency.keys.sorted {
      ($0 == "all" ? 0 : 1, $0) < ($1 == "all" ? 0 : 1, $1)
    }
    let rows = regions.map { region in
      cells(region, verdict.latency[region])
        + [verdict.longestSilence[region].map(Figures.milliseconds) ?? ""]
    }
    let silent = verdict.longestSilence.keys.sorted().filter { verdict.latency[$0] == nil }.map {
      cells($0, nil) + [verdict.longestSilence[$0].map(Figures.milliseconds) ?? ""]
    }
    let nodes = verdict.nodes.sorted { $0.key < $1.key }.map { name, node in
      cells(name, node.latency) + [""]
    }
    return HTML.table(
      [
        "region or node", "#acknowledged", "#p50, ms", "#p90, ms", "#p99, ms", "#p99.9, ms",
        "#max, ms", "#longest silence, ms",
      ], rows + silent + nodes)
  }

  private func cells(_ name: String, _ values: Percentiles?) -> [String] {
    guard let values else { return [name, "0"] + Array(repeating: "", count: 5) }
    return [name, Figures.grouped(values.count)]
      + [values.p50, values.p90, values.p99, values.p999, values.max].map(Figures.milliseconds)
  }

  private var demands: String {
    HTML.table(
      ["", "demand", "seen", "#at, s"],
      content.demands.map {
        [$0.holds ? "held" : "not held", $0.text, $0.seen, Figures.seconds($0.at)]
      })
  }
}
