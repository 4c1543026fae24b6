import ChaosHistory

/// A run of a minute that never was: three nodes in two regions, a kill, a partition, a coordinator
/// that stops. It is sound; what it looks like is seen in the page.
struct Synthetic {
  private static let second = 1_000_000
  private static let length = 60 * second
  private static let nodes = ["eu-1", "eu-2", "us-1"]

  private var seed: UInt64 = 42
  private var operations: [Operation] = []
  private var samples: [Entry] = []
  private var lines: [FinalCounter.Line] = []
  /// Of each node: first, last, committed; nil for no lease.
  private var leases: [(first: Int, last: Int, committed: Int)?] = [nil, nil, nil]
  private var tail = 1
  private var issued = 0

  static let faults = [
    FaultSpan(
      name: "kill", target: "eu-2", detail: "SIGKILL, started again after 4 s",
      start: 9 * second, end: 13 * second),
    FaultSpan(
      name: "latency", target: "us-1", detail: "200 ms to the coordinator", start: 4 * second,
      end: 24 * second),
    FaultSpan(
      name: "partition", target: "us-1", detail: "no byte passes to the coordinator",
      start: 20 * second, end: 31 * second),
    FaultSpan(
      name: "coordinator-stop", target: "coordinator", detail: "pg_ctl stop -m immediate",
      start: 38 * second, end: 42 * second),
    FaultSpan(
      name: "pause", target: "eu-1", detail: "SIGSTOP", start: 47 * second, end: 47_300_000),
    FaultSpan(
      name: "clock", target: "coordinator", detail: "3 s ahead", start: 48 * second,
      end: 48 * second),
    FaultSpan(
      name: "kill", target: "eu-1", detail: "SIGKILL", start: 49 * second, end: 52 * second),
  ]

  private func isDown(_ node: Int, _ time: Int) -> Bool {
    Self.faults.contains { fault in
      fault.start <= time && time <= fault.end
        && (fault.target == Self.nodes[node] || fault.target == "coordinator")
        && ["kill", "pause", "partition", "coordinator-stop"].contains(fault.name)
    }
  }

  private mutating func random(_ below: Int) -> Int {
    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((seed >> 33) % UInt64(below))
  }

  /// - Parameter requests: in all.
  static func history(requests: Int = 6_000) -> History {
    var synthetic = Synthetic()
    let step = length / requests
    var sampled = -1
    for index in 0..<requests {
      let time = index * step
      if time / 250_000 > sampled {
        sampled = time / 250_000
        synthetic.sample(time)
      }
      synthetic.request(index, at: time)
    }
    return synthetic.finish()
  }

  private mutating func request(_ index: Int, at time: Int) {
    let place = random(10)
    let node = place < 5 ? 0 : place < 8 ? 1 : 2
    let client = "client-\(index % 24)"
    var operation = Operation(
      client: client, node: Self.nodes[node], request: .jobs, asked: 1, key: "k\(index)",
      start: time, end: time, outcome: .unknown("timed out"))
    let latency = (node == 2 ? 80_000 : 2_000) + random(1_500) * (random(40) == 0 ? 60 : 1)
    if isDown(node, time) {
      operation.end = time + (random(2) == 0 ? 1_000 : 900_000)
      let code = node == 2 ? "coordinator-unavailable" : "unavailable"
      operation.outcome = random(12) == 0 ? .unknown("connection lost") : .failed(code)
      if leases[node] != nil, random(60) == 0 { leases[node] = nil }
    } else if tail < 99_000 {
      operation.end = time + latency
      operation.outcome = .ok([next(node, to: client)])
    }
    operations.append(operation)
  }

  private mutating func next(_ node: Int, to client: String) -> String {
    var lease = leases[node] ?? (tail, tail + 199, tail - 1)
    if lease.committed == lease.last { lease = (tail, tail + 199, tail - 1) }
    if lease.first == tail { tail += 200 }
    lease.committed += 1
    leases[node] = lease
    issued += 1
    lines.append(
      FinalCounter.Line(
        first: lease.committed, last: lease.committed, state: "issued", node: Self.nodes[node],
        subject: client))
    return "J2026" + String(String(100_000 + lease.committed).dropFirst())
  }

  private func ledger(_ time: Int) -> LedgerSample {
    let leased = leases.compactMap { $0.map { $0.last - $0.committed } }.reduce(0, +)
    return LedgerSample(
      at: time, counter: Sample.jobs, capacity: 99_999, issued: issued, leased: leased,
      free: 99_999 - issued - leased, void: 0, clock: Sample.noon + Double(time) / 1_000_000)
  }

  private mutating func sample(_ time: Int) {
    guard !(38 * Self.second...42 * Self.second).contains(time) else { return }
    samples.append(.ledger(ledger(time)))
    let holdings = zip(Self.nodes, leases).compactMap { node, lease in
      lease.map {
        HoldingsSample.Holding(
          node: node, first: $0.first, last: $0.last, committed: $0.committed)
      }
    }
    samples.append(
      .holdings(HoldingsSample(at: time, counter: Sample.jobs, holdings: holdings)))
  }

  private mutating func finish() -> History {
    leases = [nil, nil, nil]
    let final = FinalCounter(
      counter: Sample.jobs, ledger: ledger(Self.length + Self.second), lines: lines)
    let run = Run(
      scenario: "every-fault",
      purpose: "Numbers stay unique while nodes die and the coordinator "
        + "stops, under a load of clients in two regions.",
      seed: 7, startedAt: Sample.noon,
      nodes: zip(Self.nodes, ["eu", "eu", "us"]).map { NodeFacts(name: $0, region: $1) },
      clients: 24, flaw: nil, version: "1.0.0",
      commands: [
        "swift run -c release chaos run every-fault --seed 7",
        "swift run -c release chaos judge .chaos/every-fault-7.jsonl",
      ])
    let demand = Demand(
      at: Self.length, text: "every node issues again within 10 s", holds: true, seen: "after 3.1 s"
    )
    return History(
      run: run,
      entries: operations.map { .operation($0) } + samples + Self.faults.map { .fault($0) }
        + [
          .demand(demand), .final(final), .disagreements([]),
          .end(RunEnd(at: Self.length + Self.second, failure: nil)),
        ])
  }
}
