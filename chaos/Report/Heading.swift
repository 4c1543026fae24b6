import ChaosHistory
import ChaosVerdict
import Foundation

/// What the run is, what came out, the figures that count, and the violations.
struct Heading {
  private static let shown = 100

  let run: Run
  let verdict: Verdict

  var html: String { title + figures + violations }

  private var title: String {
    let date = Date(timeIntervalSince1970: run.startedAt).formatted(.iso8601)
      .replacingOccurrences(of: "T", with: " ").replacingOccurrences(of: "Z", with: " UTC")
    let facts = [
      date, "seed \(run.seed)", "version \(run.version)", "\(run.nodes.count) nodes",
      "\(Figures.grouped(run.clients)) clients", "\(Figures.fixed(verdict.seconds, 1)) s",
    ]
    let isSound = verdict.violations.isEmpty
    let flaw = run.flaw.map {
      "<p class=flaw>A guard was switched off to see that it is missed: <b>\(HTML.escaped($0))</b></p>"
    }
    return """
      <header><div><h1>\(HTML.escaped(run.scenario))</h1>
      <p class=purpose>\(HTML.escaped(run.purpose))</p>
      <p class=facts>\(facts.map { "<span>\(HTML.escaped($0))</span>" }.joined())</p></div>
      <div class="badge \(isSound ? "sound" : "broken")">\(isSound ? "&#10003;" : "&#10007;") \
      \(verdict.conclusion)</div></header>
      \(flaw ?? "")

      """
  }

  private var figures: String {
    let silence = verdict.longestSilence.max { ($0.value, $0.key) < ($1.value, $1.key) }
    let all = verdict.latency["all"]
    let balance = verdict.unbalanced.count
    let cards: [(String, String, String, Bool)] = [
      (Figures.grouped(verdict.serials), "serials received", "", false),
      (
        Figures.grouped(verdict.acknowledged), "acknowledged",
        "of \(Figures.grouped(verdict.attempted)) requests", false
      ),
      (
        Figures.grouped(verdict.duplicated.count), "duplicated", "", !verdict.duplicated.isEmpty
      ),
      (
        Figures.grouped(verdict.missing.count), "not in the ledger", "of those acknowledged",
        !verdict.missing.isEmpty
      ),
      (
        balance == 0 ? "\(Figures.grouped(verdict.ledgerSamples))" : Figures.grouped(balance),
        "ledger samples",
        balance == 0 ? "all balanced" : "unbalanced",
        balance > 0
      ),
      (
        silence.map { duration($0.value) } ?? "-", "longest silence", silence?.key ?? "", false
      ),
      (
        all.map { duration($0.p50) } ?? "-", "latency p50",
        all.map { "p99 \(duration($0.p99))" } ?? "", false
      ),
    ]
    return "<div class=cards>"
      + cards.map { value, name, note, isBad in
        "<div class=\"card\(isBad ? " bad" : "")\"><b>\(HTML.escaped(value))</b>"
          + "<span>\(HTML.escaped(name))</span><small>\(HTML.escaped(note))</small></div>"
      }.joined() + "</div>\n"
  }

  private func duration(_ milliseconds: Double) -> String {
    milliseconds >= 1_000
      ? "\(Figures.fixed(milliseconds / 1_000, 1)) s" : "\(Figures.milliseconds(milliseconds)) ms"
  }

  private var violations: String {
    let all = verdict.violations
    guard !all.isEmpty else { return "" }
    let items = all.prefix(Self.shown).map { finding in
      "<li><b>\(HTML.escaped(finding.kind))</b> \(HTML.escaped(finding.text))</li>"
    }
    let rest =
      all.count > Self.shown
      ? "<p class=dim>and \(Figures.grouped(all.count - Self.shown)) more</p>" : ""
    return "<section class=violations><h2>\(verdict.conclusion)</h2>\n<ol>"
      + items.joined(separator: "\n") + "</ol>\(rest)</section>\n"
  }
}
