import Allocator
import LeaseCore
import LocalCluster
import Testing

/// Commits that wait for a synchronous standby which does not come.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct StandbyTests {
  private func issuedLines(_ cluster: FaultCluster) async throws -> String {
    try await cluster.sql(
      "SELECT coalesce(sum(upper(numbers) - lower(numbers)), 0)"
        + " FROM serial.issue_log WHERE NOT again")
  }

  /// PostgreSQL answers a cancelled wait with success and a WARNING, and a terminated one not at all.
  @Test(arguments: ["pg_cancel_backend", "pg_terminate_backend"])
  func aWaitThatIsCutOffIsUnknownUntilTheStandbyIsBack(function: String) async throws {
    try await FaultCluster.run { cluster in
      let standby = try await cluster.postgres.addStandby()
      var options = FaultNode.Options()
      options.requiresStandby = true
      options.unknownGraceMilliseconds = 200
      options.timeToLiveMilliseconds = 600_000
      let node = try await cluster.start("eu-1", options: options)
      try await node.warmUp()
      #expect(try await issuedLines(cluster) == "101")

      try await standby.server.stop()
      async let asked = node.ask(3)
      let pid = try await cluster.commitWaitingForStandby(of: "eu-1")
      #expect(try await issuedLines(cluster) == "101", "nobody sees it while it waits")
      #expect(try await cluster.sql("SELECT \(function)(\(pid))") == "t")
      #expect(await asked.refusal == .outcomeUnknown)
      // it is in the log of this server, and nobody has its numbers
      #expect(try await issuedLines(cluster) == "104")
      #expect(cluster.book.count == 101)
      let meanwhile = await node.ask()
      #expect(meanwhile.numbers.isEmpty, "the lease waits for its read-back: \(meanwhile)")

      try await standby.server.start()
      let next = try await node.serve(3)
      let first = try await cluster.sql(
        "SELECT lower(numbers), upper(numbers) - 1 FROM serial.issue_log WHERE again")
      let numbers = next.blocks.flatMap(\.numbers)
      #expect(first == "\(numbers[0])|\(numbers[2])", "the stock goes first")
      #expect(cluster.book.count == 104)
      #expect(cluster.book.duplicates.count == 0)
      try await node.serve(10)
      #expect(try await cluster.issued(node) == cluster.book.count)
      try await cluster.expectSound(node)
      print(
        "\(function): \(meanwhile); outcome unknown, then \(numbers) from the stock;",
        "\(cluster.book.count) issued, \(cluster.book.duplicates.count) twice")
    }
  }

  @Test func withoutASynchronousStandbyNothingIsIssued() async throws {
    try await FaultCluster.run { cluster in
      _ = try await cluster.postgres.addStandby(name: "standby")
      var options = FaultNode.Options()
      options.requiresStandby = true
      let node = try await cluster.start("eu-1", options: options)
      try await node.warmUp()
      let before = try await issuedLines(cluster)
      try await cluster.postgres.setSynchronousStandbys([])
      for count in [1, 1000] {
        let refused = await node.ask(count)
        #expect(refused.refusal == .coordinatorUnavailable, "\(refused)")
      }
      #expect(try await issuedLines(cluster) == before)
      #expect("\(cluster.book.count)" == before)
      try await cluster.postgres.setSynchronousStandbys(["standby"])
      try await node.serve(1000)
      #expect(cluster.book.duplicates.count == 0)
      #expect(try await cluster.issued(node) == cluster.book.count)
      try await cluster.expectSound(node)
    }
  }
}
