import Allocator
import Coordinator
import FaultProxy
import LeaseCore
import LocalCluster
import SerialFormat
import Testing

/// A base backup from before the last grants is started in the server's place.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct RestoreTests {
  /// The node that remembers what the backup forgot: the process itself, or the next one by its
  /// journal.
  enum Memory: String, Sendable, CaseIterable { case living, restarted }

  /// The way of the node that remembers leads through a proxy, so that it comes when the test says.
  private func run(
    _ recovery: BaseBackup.Recovery,
    _ body: (FaultCluster, FaultProxy, _ remembering: FaultNode, _ lost: [Int]) async throws -> Void
  ) async throws {
    try await FaultCluster.run { cluster in
      try await FaultProxy.run(to: cluster.postgres.port) { proxy in
        let remembering = try await cluster.start(
          "eu-1", at: try cluster.uri("eu-1", port: proxy.port))
        try await remembering.warmUp()
        let backup = try await cluster.postgres.takeBackup()
        // what a lease of the backup goes on to issue, and leases that the backup does not know
        var lost = try await remembering.serve(20).blocks.flatMap(\.numbers)
        lost += try await remembering.serve(500).blocks.flatMap(\.numbers)
        try await remembering.serve(3, of: .target)
        try await proxy.refuse(true)
        await proxy.cut()
        try await cluster.postgres.server.stop()
        try await cluster.postgres.restore(backup, recovery: recovery)
        try await body(cluster, proxy, remembering, lost)
      }
    }
  }

  @Test(arguments: BaseBackup.Recovery.allCases, Memory.allCases)
  func whatABackupForgotIsNotIssuedAgain(recovery: BaseBackup.Recovery, memory: Memory)
    async throws
  {
    try await run(recovery) { cluster, proxy, remembering, lost in
      if memory == .restarted { await remembering.stop() }
      let first = try await cluster.start("us-1")
      try await first.become(.ready)
      #expect(await first.ask().refusal == .coordinatorUnavailable)
      let closed = try await first.reading.grants()
      #expect(!closed.grantsAreOpen)
      #expect(closed.waitingFor == ["eu-1"])
      #expect(closed.reason == (recovery == .crash ? "start" : "new-timeline"))
      #expect((closed.opensAt == nil) == (recovery == .archive))

      try await proxy.heal()
      var second = remembering
      if memory == .restarted { second = try await cluster.start("eu-1") }
      try await first.serve(30)
      try await second.serve(30)
      try await first.serve(30, of: .target)
      #expect(cluster.book.duplicates.count == 0)
      #expect(cluster.book.count(of: "us-1") == 60)

      let carved = try await cluster.provedIssued(first)
      #expect(carved.subtracting(lost).count == 0)
      #expect(Set(lost).subtracting(carved).count == 0)
      let opened = try await first.reading.grants()
      #expect(opened.grantsAreOpen)
      #expect(try await cluster.events("overlap", first).isEmpty)
      try await cluster.expectSound(first)
      print(
        "restore (\(recovery.rawValue), \(memory.rawValue)): \(lost.count) job numbers forgotten,",
        "\(carved.count) carved, generation \(opened.generation),",
        "\(cluster.book.count) issued, \(cluster.book.duplicates.count) twice")
    }
  }

  /// The guard is off: an administrator opens grants before the node that remembers was heard.
  @Test(arguments: BaseBackup.Recovery.allCases)
  func withGrantsOpenedByForceTheDuplicateAppears(recovery: BaseBackup.Recovery) async throws {
    try await run(recovery) { cluster, proxy, remembering, lost in
      let first = try await cluster.start("us-1")
      try await first.become(.ready)
      #expect(await first.ask().refusal == .coordinatorUnavailable)
      let missing = try await first.operating.recover(reason: "the test says so", by: "tester")
      #expect(missing == ["eu-1"])
      #expect(try await first.reading.grants().grantsAreOpen)
      try await first.serve(200)
      let duplicates = cluster.book.duplicates
      #expect(!duplicates.isEmpty)
      #expect(duplicates.values.allSatisfy { Set($0) == ["eu-1", "us-1"] })
      #expect(Set(duplicates.keys).isSubset(of: lost))

      // and is an incident as soon as the other one is heard
      try await proxy.heal()
      try await until { try await !cluster.events("overlap", first).isEmpty }
      let overlap = try await cluster.events("overlap", first).compactMap(\.block)
      let named = Set(overlap.flatMap(\.numbers))
      #expect(Set(duplicates.keys).subtracting(named).count == 0)
      try await first.serve(30)
      try await remembering.serve(30)
      #expect(Set(cluster.book.duplicates.keys).subtracting(named).count == 0, "no other ones")
      print(
        "restore (\(recovery.rawValue)), opened by force: \(duplicates.count) numbers twice,",
        "\(cluster.book.duplicates.count) at the end, \(named.count) reported as overlapping")
    }
  }
}
