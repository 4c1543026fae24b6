import Foundation
import LocalCluster
import SerialFormat
import Synchronization
import Testing

/// A counter is used up to its last number, by all nodes together, whatever is killed meanwhile.
@Suite(.serialized)
struct ExhaustionTests {
  /// Draws until not even one number is left; then the history holds what all clients received.
  private func drawAll(
    from cluster: TestCluster, _ meanwhile: (History, StopFlag) async throws -> Void = { _, _ in }
  ) async throws -> History {
    let history = History()
    let isDone = StopFlag()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<64 {
        let name = TestCluster.names[index % TestCluster.names.count]
        let client = Client(url: cluster.url(name), token: cluster.token)
        group.addTask {
          // up to twelve at a time, since 99,999 requests take minutes in a debug build
          var count = 1 + index % 12
          while true {
            let start = ContinuousClock.now
            let outcome = await client.draw(count)
            history.add(outcome, asked: count, took: start.duration(to: .now))
            switch outcome {
            case .issued: continue
            case .refused(409, "capacity-exhausted"):
              if count == 1 { return isDone.set() }
              count = 1
            // who was refused asks again a little later, as Retry-After says, but sooner
            case .refused, .lost: try await Task.sleep(for: .milliseconds(20))
            }
          }
        }
      }
      try await meanwhile(history, isDone)
      try await group.waitForAll()
    }
    return history
  }

  private func expectUsedUp(_ cluster: TestCluster) async throws {
    try await eventually("every lease is closed") {
      let ledger = try await cluster.ledger()
      return ledger.leased == 0 && ledger.free == 0
    }
    #expect(
      try await cluster.ledger()
        == TestCluster.Ledger(issued: Capacity.counter, leased: 0, free: 0, void: 0))
    #expect(try await cluster.sql("SELECT count(*) FROM serial.verify()") == "0")
  }

  @Test(.timeLimit(.minutes(10)))
  func sixtyFourClientsUseTheCounterUp() async throws {
    try await TestCluster.run { cluster in
      let start = ContinuousClock.now
      let record = try await drawAll(from: cluster).current
      let seconds = start.duration(to: .now) / .seconds(1)
      print(
        "the counter used up: \(record.serials.count) serials to 64 clients on 3 nodes in "
          + "\(seconds) s, refused: \(record.refusals), slowest refusal \(record.slowestRefusal)")
      let numbers = Set(try record.serials.map { try JobSerial(parsing: $0).number })
      #expect(record.serials.count == Capacity.counter)
      #expect(numbers == Set(1...Capacity.counter))
      #expect(record.unknownNumbers == 0)
      try await expectUsedUp(cluster)
    }
  }

  @Test(.timeLimit(.minutes(15)))
  func theCounterIsUsedUpWhileNodesAreKilled() async throws {
    try await TestCluster.run { cluster in
      var kills = 0
      let history = try await drawAll(from: cluster) { history, isDone in
        while !isDone.isSet {
          // a kill every two seconds, of one node after the other
          try await Task.sleep(for: .seconds(2))
          let node = try cluster.node(TestCluster.names[kills % 3])
          let before = history.current
          try await node.kill()
          try await node.start()
          try await node.waitUntilReady()
          kills += 1
          let after = history.current
          print(
            "kill \(kills) (\(TestCluster.names[(kills - 1) % 3])) after \(before.serials.count) serials: "
              + "\(after.unknownNumbers - before.unknownNumbers) numbers asked for in flight")
        }
      }
      let record = history.current
      let numbers = try record.serials.map { try JobSerial(parsing: $0).number }
      #expect(Set(numbers).count == numbers.count)
      try await expectUsedUp(cluster)
      let lost = Capacity.counter - numbers.count
      print(
        "\(kills) kills: \(numbers.count) received, \(lost) received by no client, "
          + "\(record.unknownNumbers) asked for by requests without an answer, "
          + "refused: \(record.refusals)")
      #expect(kills >= 3)
      #expect(lost <= record.unknownNumbers)
      // each number has a line that says for which request it was issued
      let silent = try await cluster.sql(
        "SELECT coalesce(sum(last - first + 1), 0) FROM serial.gaps WHERE state <> 'issued'")
      #expect(silent == "0")
    }
  }

  /// The last numbers, one by one, from nodes in turn; then from a node while the holder is dead.
  @Test(.timeLimit(.minutes(5)))
  func theLastNumbersArriveOnWhicheverNodeAsks() async throws {
    try await TestCluster.run { cluster in
      let first = Client(url: cluster.url("eu-1"), token: cluster.token)
      var left = Capacity.counter
      while left > 10 {
        let count = min(1_000, left - 10)
        guard case .issued = await first.draw(count) else { continue }
        left -= count
      }
      var slowest = Duration.zero
      for turn in 0..<9 {
        let client = Client(
          url: cluster.url(TestCluster.names[(turn + 1) % 3]), token: cluster.token)
        slowest = max(slowest, try await patience(client, within: .seconds(2)))
      }
      // the tenth is held by a node that dies without giving it back
      let last = try await holdTheLast(cluster)
      try await cluster.node(last).kill()
      let other = try #require(TestCluster.names.first { $0 != last })
      let afterDeath = try await patience(
        Client(url: cluster.url(other), token: cluster.token),
        within: .milliseconds(TestCluster.leaseMilliseconds + 2_000))
      print("the last ten: slowest with the holder alive \(slowest), with it dead \(afterDeath)")
      let answer = await Client(url: cluster.url(other), token: cluster.token).draw()
      guard case .refused(409, "capacity-exhausted") = answer else {
        Issue.record("expected capacity-exhausted, got \(answer)")
        return
      }
      try await expectUsedUp(cluster)
    }
  }

  /// Asks until the number comes, as `Retry-After` says but sooner; how long that took.
  private func patience(_ client: Client, within limit: Duration) async throws -> Duration {
    let start = ContinuousClock.now
    while true {
      let outcome = await client.draw()
      let took = start.duration(to: .now)
      if case .issued = outcome {
        #expect(took < limit, "\(took)")
        return took
      }
      guard case .refused(503, "recalling") = outcome, took < .seconds(30) else {
        throw NeverHappened(what: "a number; \(outcome) after \(took)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Puts the last free number into a lease of a node that has not issued it, and says which.
  private func holdTheLast(_ cluster: TestCluster) async throws -> String {
    // the node's own role takes it, in the name of the process that runs, as a prefetch would
    let boot = try await cluster.sql(
      "SELECT boot_id FROM serial.boots WHERE node = 'us-1' AND ended_at IS NULL")
    let uri = try cluster.postgres.uri(role: "us-1", database: "serial")
    try await eventually("the last number is free") { try await cluster.ledger().free == 1 }
    try await cluster.postgres.sql(
      """
      SELECT serial.acquire_blocks('\(boot)', 'job', NULL, 1, 1, \(TestCluster.leaseMilliseconds),
        ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], false, false)
      """, at: uri)
    #expect(try await cluster.ledger().leased == 1)
    return "us-1"
  }
}
