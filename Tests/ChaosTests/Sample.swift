import ChaosHistory

/// A small history in which everything is right, to be altered.
///
/// Two nodes in two regions, clients c1 and c2, job numbers 1 to 8 and target number 1 of 2026; job
/// numbers 7 and 8 were asked for by a request of c2 that got no answer.
struct Sample {
  /// 2026-11-25 12:00:00 UTC.
  static let noon = 1_795_608_000.0
  static let jobs = CounterName(kind: "job", year: 2026)
  static let targets = CounterName(kind: "target", year: 2026)

  var run = Run(
    scenario: "sample", purpose: "Shows that the judge judges.", seed: 7, startedAt: noon,
    nodes: [NodeFacts(name: "eu-1", region: "eu"), NodeFacts(name: "us-1", region: "us")],
    clients: 2, flaw: nil, version: "1.0.0", commands: ["chaos run sample --seed 7"])
  var operations = [
    operation("c1", "eu-1", .jobs, asked: 2, at: 100, .ok(["J202600001", "J202600002"])),
    operation("c2", "us-1", .jobs, asked: 3, at: 200, key: "k", .unknown("connection lost")),
    operation(
      "c2", "eu-1", .jobs, asked: 3, at: 300, key: "k",
      .ok(["J202600003", "J202600004", "J202600005"])),
    operation(
      "c2", "us-1", .jobs, asked: 3, at: 400, key: "k",
      .ok(["J202600003", "J202600004", "J202600005"])),
    operation("c1", "us-1", .jobs, at: 500, .ok(["J202600006"])),
    operation("c2", "us-1", .jobs, asked: 2, at: 600, .unknown("timed out")),
    operation("c1", "us-1", .targets, at: 700, .ok(["T202600001"])),
    operation("c1", "us-1", .jobs, at: 800, .failed("coordinator-unavailable")),
    operation("c1", "eu-1", .execution, of: "J202600001", at: 900, .ok(["J202600001.0001"])),
    operation(
      "c1", "eu-1", .branches, of: "J202600001.0001", asked: 2, at: 900,
      .ok(["J202600001.0001.0001", "J202600001.0001.0002"])),
  ]
  var faults: [FaultSpan] = []
  var ledgers = [
    ledger(jobs, at: 50, issued: 0, leased: 10), ledger(jobs, at: 650, issued: 8, leased: 2),
  ]
  var finals = [
    FinalCounter(
      counter: jobs, ledger: ledger(jobs, at: 1_000, issued: 8),
      lines: [
        line(1, 2, to: "c1"), line(3, 5, to: "c2"), line(6, 6, to: "c1"), line(7, 8, to: "c2"),
      ]),
    FinalCounter(
      counter: targets, ledger: ledger(targets, at: 1_000, issued: 1),
      lines: [line(1, 1, to: "c1")]),
  ]
  var demands: [Demand] = []
  var disagreements: [String] = []
  var end: RunEnd? = RunEnd(at: 1_000_000, failure: nil)

  var history: History {
    var entries: [Entry] = operations.map { .operation($0) } + faults.map { .fault($0) }
    entries += ledgers.map { .ledger($0) } + demands.map { .demand($0) }
    entries += finals.map { .final($0) } + [.disagreements(disagreements)]
    if let end { entries.append(.end(end)) }
    return History(run: run, entries: entries)
  }

  /// - Parameter at: milliseconds; it takes 10.
  static func operation(
    _ client: String, _ node: String, _ request: Request, of parent: String? = nil, asked: Int = 1,
    at: Int, key: String? = nil, _ outcome: Outcome
  ) -> Operation {
    Operation(
      client: client, node: node, request: request, parent: parent, asked: asked, key: key,
      start: at * 1_000, end: at * 1_000 + 10_000, outcome: outcome)
  }

  /// - Parameter at: milliseconds; the coordinator's clock agrees with the runner's.
  static func ledger(
    _ counter: CounterName, at: Int, issued: Int, leased: Int = 0, void: Int = 0
  ) -> LedgerSample {
    LedgerSample(
      at: at * 1_000, counter: counter, capacity: 99_999, issued: issued, leased: leased,
      free: 99_999 - issued - leased - void, void: void, clock: noon + Double(at) / 1_000)
  }

  static func line(
    _ first: Int, _ last: Int, _ state: String = "issued", at node: String? = "eu-1",
    to subject: String? = nil
  ) -> FinalCounter.Line {
    FinalCounter.Line(first: first, last: last, state: state, node: node, subject: subject)
  }

  static func fault(_ name: String, _ target: String) -> FaultSpan {
    FaultSpan(name: name, target: target, detail: name, start: 100_000, end: 200_000)
  }

  /// The same with a line more, which the ledger has as issued.
  mutating func issue(_ line: FinalCounter.Line) {
    let count = line.last - line.first + 1
    finals[0].lines.append(line)
    finals[0].ledger.issued += count
    finals[0].ledger.free -= count
  }
}
