import Allocator
import Coordinator
import LeaseCore
import LocalCluster
import Testing

/// The primary is killed and its standby promoted; the nodes know both hosts.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct FailoverTests {
  private func start(
    _ name: String, _ cluster: FaultCluster, _ standby: PostgresStandby
  ) async throws -> FaultNode {
    try await cluster.start(name, at: try cluster.uri(name, standby: standby))
  }

  /// The standby stops receiving, and what is granted and committed from then on is lost with the
  /// primary.
  private func loseGrants(
    _ body: (FaultCluster, PostgresStandby, [FaultNode], _ lost: [Int]) async throws -> Void
  ) async throws {
    try await FaultCluster.run(nodes: ["eu-1", "eu-2", "us-1"]) { cluster in
      let standby = try await cluster.postgres.addStandby(isSynchronous: false)
      let nodes = [
        try await start("eu-1", cluster, standby), try await start("us-1", cluster, standby),
      ]
      for node in nodes { try await node.warmUp() }
      try await until {
        try await cluster.sql(
          "SELECT bool_and(flush_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication")
          == "t"
      }
      try await standby.server.stop()
      var lost: [Int] = []
      for node in nodes {
        lost += try await node.serve(20).blocks.flatMap(\.numbers)
        lost += try await node.serve(300).blocks.flatMap(\.numbers)
      }
      try await cluster.postgres.server.crash()
      try await standby.server.start()
      try await standby.promote()
      try await body(cluster, standby, nodes, lost)
    }
  }

  @Test func whatAnAsynchronousFailoverLostIsNotIssuedAgain() async throws {
    try await loseGrants { cluster, standby, nodes, lost in
      for node in nodes {
        try await until { try await node.reading.grants().waitingFor == ["eu-2"] }
      }
      let closed = try await nodes[0].reading.grants()
      #expect(!closed.grantsAreOpen)
      #expect(closed.reason == "new-timeline")
      #expect(closed.opensAt == nil)
      for node in nodes {
        try await node.become(.ready)
        let refused = await node.ask(1000)
        #expect(refused.refusal == .coordinatorUnavailable, "\(refused)")
      }

      let last = try await start("eu-2", cluster, standby)
      for node in nodes + [last] { try await node.serve(400) }
      #expect(cluster.book.duplicates.count == 0)
      let carved = try await cluster.provedIssued(nodes[0])
      #expect(Set(lost).subtracting(carved).count == 0)
      #expect(try await cluster.events("overlap", last).isEmpty)
      try await cluster.expectSound(last)
      print(
        "asynchronous failover: \(lost.count) numbers lost,",
        "\(carved.count) carved, \(cluster.book.count) issued,",
        "\(cluster.book.duplicates.count) twice")
    }
  }

  /// The guard is off: nothing is reported, and an administrator opens grants.
  @Test func withReportsLeftOutTheDuplicateAppears() async throws {
    try await FaultCluster.run { cluster in
      let standby = try await cluster.postgres.addStandby(isSynchronous: false)
      let remembering = try await start("eu-1", cluster, standby)
      try await remembering.warmUp()
      try await standby.server.stop()
      let lost = try await remembering.serve(300).blocks.flatMap(\.numbers)
      await remembering.stop()
      try await cluster.postgres.server.crash()
      try await standby.server.start()
      try await standby.promote()
      let first = try await start("us-1", cluster, standby)
      try await first.become(.ready)
      _ = try await first.operating.recover(reason: "the test says so", by: "tester")
      try await first.serve(300)
      #expect(!cluster.book.duplicates.isEmpty)
      #expect(Set(cluster.book.duplicates.keys).isSubset(of: lost))
      print("asynchronous failover, unguarded: \(cluster.book.duplicates.count) numbers twice")
    }
  }

  /// An administrator vouches that failover is strictly synchronous: it is then no more than a start.
  @Test(arguments: [true, false])
  func aVouchedFailoverOpensAfterReportsOrTheWait(everyNodeReports: Bool) async throws {
    try await FaultCluster.run(nodes: ["eu-1", "us-1"]) { cluster in
      let standby = try await cluster.postgres.addStandby()
      let node = try await start("eu-1", cluster, standby)
      // what all report for ends at once; what waits for a node that does not come ends by the clock
      try await node.become(.ready)
      try await node.operating.setRecovery(
        waitMilliseconds: everyNodeReports ? 600_000 : 1_500, failoverIsSynchronous: true,
        by: "tester")
      try await node.warmUp()
      try await node.serve(300)
      let before = cluster.book.count
      try await cluster.postgres.server.crash()
      try await standby.promote()
      if everyNodeReports {
        try await until {
          // between two servers there is none to ask
          guard let grants = try? await node.reading.grants() else { return false }
          return grants.reason == "start" && grants.waitingFor == ["us-1"]
        }
        #expect(await node.ask(1000).refusal == .coordinatorUnavailable)
        let other = try await start("us-1", cluster, standby)
        try await other.serve(300)
      }
      try await node.serve(1000)
      let opened = try await node.reading.grants()
      #expect(opened.grantsAreOpen)
      #expect(opened.reason == "start")
      #expect(opened.generation == 2)
      #expect(cluster.book.duplicates.count == 0)
      #expect(try await cluster.events("carved", node).isEmpty, "nothing was lost")
      #expect(try await cluster.issued(node) == cluster.book.count)
      try await cluster.expectSound(node)
      print(
        "synchronous failover (\(everyNodeReports ? "reports" : "the wait")): \(before) issued",
        "before, \(cluster.book.count) after, \(cluster.book.duplicates.count) twice")
    }
  }
}
