public import ChaosHistory

extension Verdict {
  /// How many violations are shown.
  private static let shown = 20

  /// A table for a terminal, the violations, and a last line that says how many there are.
  public func text(_ run: Run) -> String {
    var lines = [
      "\(run.scenario), seed \(run.seed): \(Figures.fixed(seconds, 1)) s, "
        + "\(run.nodes.count) nodes, \(Figures.grouped(run.clients)) clients, version \(run.version)"
    ]
    if let flaw = run.flaw { lines.append("flaw: \(flaw) (a guard is switched off)") }
    lines += rows.map { row in
      "  " + Self.padded(row.name, 34) + Self.padded(row.value, 10, right: true)
        + (row.note.isEmpty ? "" : "  " + row.note)
    }
    lines += silenceLines + latencyLines
    let violations = violations
    lines += violations.prefix(Self.shown).map { "  \($0)" }
    if violations.count > Self.shown {
      lines.append("  and \(Figures.grouped(violations.count - Self.shown)) more")
    }
    lines.append(conclusion)
    return lines.joined(separator: "\n")
  }

  /// `no violation`, or how many there are.
  public var conclusion: String {
    switch violations.count {
    case 0: "no violation"
    case 1: "1 violation"
    case let count: "\(Figures.grouped(count)) violations"
    }
  }

  /// A line of the table: what, how many, and what there is to say about it.
  package struct Row {
    package var name: String
    package var value: String
    package var note = ""
    /// A violation is counted here.
    package var isBad = false
  }

  package var rows: [Row] {
    let void = acknowledgedVoid > 0 ? "\(Figures.grouped(acknowledgedVoid)) are there as void" : ""
    func violations(_ name: String, _ count: Int, _ note: String = "") -> Row {
      Row(name: name, value: Figures.grouped(count), note: note, isBad: count > 0)
    }
    func requests(_ name: String, _ count: Int, _ note: String = "") -> Row {
      Row(name: name, value: Figures.grouped(count), note: note)
    }
    return [
      requests("attempted", attempted),
      requests("acknowledged", acknowledged, "\(Figures.grouped(serials)) serials"),
      requests("failed", failed, Figures.list(failures)),
      requests("unknown", unknown, Figures.list(unknowns)),
      violations("duplicated", duplicated.count),
      violations("out of range", outOfRange.count),
      violations("wrong year", wrongYear.count),
      violations("acknowledged, not in the ledger", missing.count, void),
      requests(
        "issued without record, explained", unclaimed.values.reduce(0, +), Figures.list(unclaimed)),
      violations("issued without record or reason", unexplainedNumbers),
      violations(
        "ledger unbalanced", unbalanced.count, "of \(Figures.grouped(ledgerSamples)) samples"),
      violations("other violations", other.count, Figures.list(kinds(of: other))),
    ]
  }

  private func kinds(of findings: [Finding]) -> [String: Int] {
    findings.reduce(into: [:]) { $0[$1.kind, default: 0] += 1 }
  }

  private var silenceLines: [String] {
    longestSilence.sorted { $0.key < $1.key }.map { region, length in
      "  " + Self.padded("longest time without an issue", 34)
        + Self.padded(Figures.milliseconds(length), 10, right: true) + "  ms in \(region)"
    }
  }

  private var latencyLines: [String] {
    guard !latency.isEmpty else { return [] }
    func line(_ name: String, _ values: [String]) -> String {
      "  " + Self.padded(name, 22)
        + values.map { Self.padded($0, 10, right: true) }.joined()
    }
    let heading = line("latency, ms", ["requests", "p50", "p90", "p99", "p99.9", "max"])
    let order = latency.sorted {
      ($1.key == "all" ? 1 : 0, $0.key) < ($0.key == "all" ? 1 : 0, $1.key)
    }
    return [heading]
      + order.map { name, values in
        line(
          "  \(name)",
          [Figures.grouped(values.count)]
            + [values.p50, values.p90, values.p99, values.p999, values.max].map(
              Figures.milliseconds))
      }
  }

  private static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
    let blank = String(repeating: " ", count: max(0, width - text.count))
    return right ? blank + text : text + blank
  }
}
