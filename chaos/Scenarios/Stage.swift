import ChaosCluster
import ChaosHistory
import ChaosLoad
import LocalCluster

/// What a scenario works with: the cluster, the clients, and the history that it writes.
struct Stage: Sendable {
  let cluster: ChaosCluster
  let load: Load
  let writer: HistoryWriter
  /// What the scenario's clients do.
  let clients: LoadOptions
  let seed: UInt64
  /// A run of some seconds, for `make test`.
  let isShort: Bool
  let say: @Sendable (String) -> Void

  /// Does something to the cluster and writes down from when to when.
  func fault<Value>(
    _ name: String, on target: String, _ detail: String, _ body: () async throws -> Value
  ) async throws -> Value {
    say("\(name) \(target): \(detail)")
    await expectRunning(target)
    let start = writer.now
    let result: Result<Value, any Error>
    do {
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    writer.add(
      .fault(
        FaultSpan(name: name, target: target, detail: detail, start: start, end: writer.now)))
    return try result.get()
  }

  /// A node that ended by itself is a defect, whatever clients noticed of it.
  private func expectRunning(_ target: String) async {
    guard let node = cluster.nodes.first(where: { $0.name == target }),
      await node.process.running == nil
    else { return }
    let end = await node.process.ended.map { "\($0)" } ?? "unknown how"
    demand("\(target) runs until it is ended", false, seen: "it had ended by itself: \(end)")
  }

  /// Writes down what the scenario demands.
  func demand(_ text: String, _ holds: Bool, seen: String) {
    writer.add(.demand(Demand(at: writer.now, text: text, holds: holds, seen: seen)))
    if !holds { say("NOT: \(text) (\(seen))") }
  }

  /// Waits for an event; how long it took. An event that does not come is a demand that did not hold.
  @discardableResult
  func expect(
    _ text: String, within seconds: Double = 30, _ holds: () async throws -> Bool
  ) async throws -> Bool {
    let start = writer.now
    var complaint = ""
    while true {
      do {
        if try await holds() {
          demand(text, true, seen: "after \(milliseconds(writer.now - start)) ms")
          return true
        }
        complaint = ""
      } catch let error where !(error is CancellationError) {
        complaint = "\(error)".prefix(300).description
      }
      guard Double(writer.now - start) < seconds * 1_000_000 else {
        demand(text, false, seen: "not within \(seconds) s \(complaint)")
        return false
      }
      try await Task.sleep(for: .milliseconds(25))
    }
  }

  private func milliseconds(_ time: Int) -> Int { time / 1_000 }

  /// Does what a fault of somebody else may keep from being done; that is said, and nothing depends on it.
  func attempt(_ what: String, _ body: () async throws -> Void) async {
    do {
      try await body()
    } catch {
      say("\(what) was not done: \("\(error)".prefix(200))")
    }
  }

  /// Lets the load go on until so many more requests were acknowledged, by this node or by any.
  func letPass(_ requests: Int, at node: String? = nil, within seconds: Double = 60) async throws {
    let before = load.count(node)
    try await expect(
      "\(requests) requests are acknowledged\(node.map { " by \($0)" } ?? "")", within: seconds
    ) { load.count(node) >= before + requests }
  }

  /// That every node answers again once the faults are over.
  func expectAllToServe(within seconds: Double = 30) async throws {
    for node in cluster.nodes {
      let before = load.count(node.name)
      try await expect("\(node.name) issues again", within: seconds) {
        load.count(node.name) >= before + 5
      }
    }
  }

  /// That a node holds something that could be lost.
  func expectLeases(of node: String) async throws {
    try await expect("\(node) holds a lease") {
      try await cluster.sql(
        "SELECT count(*) > 0 FROM serial.leases WHERE state = 'live' AND node = '\(node)'") == "t"
    }
  }

  /// That no live lease is a dead process's.
  func expectNoLeases(of node: String, within seconds: Double = 20) async throws {
    try await expect("what \(node) held came back", within: seconds) {
      try await cluster.sql(
        "SELECT count(*) FROM serial.leases WHERE state = 'live' AND node = '\(node)'") == "0"
    }
  }

  /// Kills a node and starts it again.
  func kill(_ name: String, deadFor pause: Duration = .zero) async throws {
    let node = try cluster.node(name)
    try await fault("kill", on: name, "SIGKILL, then started again") {
      try await node.process.kill()
      try await Task.sleep(for: pause)
      try await node.process.start()
      try await node.process.waitUntilReady()
    }
  }
}
