import ChaosHistory
import ChaosReport
import ChaosVerdict
import Foundation
import Testing

struct ReportTests {
  private func page(_ history: History) -> String { Report.page(history, Verdict.judge(history)) }

  /// With CHAOS_PAGES set to a folder, the pages are written there to be looked at.
  private func keep(_ page: String, _ name: String) throws {
    guard let folder = ProcessInfo.processInfo.environment["CHAOS_PAGES"] else { return }
    try Data(page.utf8).write(to: URL(filePath: folder).appending(path: name))
  }

  @Test func aSoundRunSaysSo() throws {
    let history = Synthetic.history()
    #expect(Verdict.judge(history).violations == [])
    let page = page(history)
    #expect(page.contains("no violation"))
    #expect(page.contains("class=\"badge sound\""))
    for fault in Synthetic.faults { #expect(page.contains(fault.detail)) }
    for command in history.run.commands { #expect(page.contains(command)) }
    try keep(page, "sound.html")
  }

  @Test func violationsAreListed() throws {
    var history = Synthetic.history()
    history.run.flaw = "commit-unchecked"
    let indices = history.entries.indices.filter {
      if case .operation(let operation) = history.entries[$0], case .ok = operation.outcome {
        true
      } else {
        false
      }
    }
    for index in indices.prefix(700).suffix(30) {
      guard case .operation(var operation) = history.entries[index] else { continue }
      operation.outcome = .ok(["J202600001"])
      history.entries[index] = .operation(operation)
    }
    history.entries.append(.disagreements(["record J202600017 has no line"]))
    let verdict = Verdict.judge(history)
    #expect(verdict.duplicated.count == 30)
    let page = Report.page(history, verdict)
    #expect(page.contains("class=\"badge broken\""))
    #expect(page.contains(verdict.conclusion))
    #expect(page.contains("J202600001 was received by"))
    #expect(page.contains("record J202600017 has no line"))
    #expect(page.contains("commit-unchecked"))
    try keep(page, "broken.html")
  }

  /// Nothing is fetched, and nothing runs.
  @Test func thePageNeedsNothingButItself() {
    let page = page(Synthetic.history())
    for text in ["http", "<script", "<link", "<img", "@import", "url("] {
      #expect(!page.contains(text), "\(text)")
    }
  }

  @Test func textIsEscaped() {
    let evil = "<script>\"&'"
    var sample = Sample()
    sample.run.scenario = evil
    sample.run.purpose = evil
    sample.run.version = evil
    sample.run.flaw = evil
    sample.run.commands = [evil]
    sample.run.nodes[0] = NodeFacts(name: evil, region: evil)
    sample.operations[0].client = evil
    sample.operations[0].node = evil
    sample.operations[0].outcome = .ok([evil])
    sample.operations[1].outcome = .unknown(evil)
    sample.operations[7].outcome = .failed(evil)
    sample.faults = [
      FaultSpan(name: evil, target: evil, detail: evil, start: 0, end: 900_000)
    ]
    sample.demands = [Demand(at: 1, text: evil, holds: false, seen: evil)]
    sample.disagreements = [evil]
    sample.end?.failure = evil
    for index in sample.finals.indices {
      sample.finals[index].counter.kind = evil
      sample.finals[index].ledger.counter.kind = evil
    }
    var history = sample.history
    let holding = HoldingsSample.Holding(node: evil, first: 1, last: 9, committed: 3)
    let counter = CounterName(kind: evil, year: 2026)
    history.entries.append(
      .holdings(HoldingsSample(at: 5, counter: counter, holdings: [holding])))
    let page = page(history)
    #expect(!page.contains("<script"))
    #expect(!page.contains("\"&'"))
    #expect(page.contains("&lt;script&gt;&quot;&amp;&#39;"))
  }

  @Test func anEmptyHistoryHasAPage() {
    var sample = Sample()
    sample.operations = []
    sample.ledgers = []
    sample.finals = []
    sample.end = nil
    sample.run.nodes = []
    sample.run.commands = []
    let page = page(sample.history)
    #expect(page.contains("cut-off"))
    #expect(page.hasSuffix("</body></html>\n"))
  }

  /// However many nodes, faults and leases there are.
  @Test func aPageIsNeverLarge() {
    var sample = Sample()
    sample.run.nodes = (0..<16).map { NodeFacts(name: "node-\($0)", region: "r\($0 % 4)") }
    sample.end?.at = 600_000_000
    sample.faults = (0..<2_000).map { index in
      FaultSpan(
        name: "kill", target: "node-\(index % 16)", detail: "SIGKILL, number \(index)",
        start: index * 300_000, end: index * 300_000 + 200_000)
    }
    sample.operations += (0..<20_000).map { index in
      Sample.operation("c\(index)", "node-\(index % 16)", .jobs, at: index * 30, .failed("frozen"))
    }
    var history = sample.history
    for index in 0..<2_000 {
      let holdings = (0..<16).map { node in
        let first = node * 6_000 + index % 7 * 100 + 1
        return HoldingsSample.Holding(
          node: "node-\(node)", first: first, last: first + 4_000, committed: first + index)
      }
      history.entries.append(
        .holdings(
          HoldingsSample(at: index * 300_000, counter: Sample.jobs, holdings: holdings)))
    }
    let page = page(history)
    #expect(page.utf8.count < 2_000_000, "\(page.utf8.count)")
    #expect(page.contains("The first 500 of 2,000."))
    // no texts under the pointer for each of so many nodes, and some 5,000 rectangles
    #expect(!page.contains("<title>node-1, "))
    let held = page.split(separator: "<path class=\"held ").dropFirst()
    let boxes = held.map { $0.prefix { $0 != ">" }.count { $0 == "z" } }.reduce(0, +)
    #expect((500...5_000).contains(boxes), "\(boxes)")
  }

  @Test func aLongRunHasASmallPage() throws {
    let history = Synthetic.history(requests: 200_000)
    let verdict = Verdict.judge(history)
    let start = ContinuousClock.now
    let page = Report.page(history, verdict)
    print("page of 200,000 requests: \(page.utf8.count) bytes in \(ContinuousClock.now - start)")
    #expect(page.utf8.count < 2_000_000)
    try keep(page, "long.html")
  }
}
