import Allocator
import FaultProxy
import LeaseCore
import LocalCluster
import Testing

/// Rule 6: a commit whose connection is cut, at every byte of the exchange.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct LostReplyTests {
  /// One connection, so that the armed cut meets the commit; and no renewal that it could meet.
  private static var options: FaultNode.Options {
    var options = FaultNode.Options()
    options.connections = 1
    options.requestDeadlineMilliseconds = 30_000
    options.timeToLiveMilliseconds = 3_600_000
    return options
  }

  private func run(
    _ options: FaultNode.Options,
    _ body: (FaultCluster, FaultProxy, FaultNode) async throws -> Void
  ) async throws {
    try await FaultCluster.run(nodes: ["eu-1"]) { cluster in
      try await FaultProxy.run(to: cluster.postgres.port) { proxy in
        let node = try await cluster.start(
          "eu-1", at: try cluster.uri("eu-1", port: proxy.port), options: options)
        // one lease for all of it
        try await node.serve(1000)
        try await node.serve(1000)
        try await body(cluster, proxy, node)
      }
    }
  }

  /// How many bytes a commit and its answer have on a connection that knows the statement. The least of
  /// several: a lease may be given back meanwhile.
  private func exchange(_ proxy: FaultProxy, _ node: FaultNode) async throws -> [Direction: Int] {
    var least: [Direction: Int] = [:]
    for _ in 0..<6 {
      let before = await proxy.traffic()
      try await node.serve(1)
      let after = await proxy.traffic()
      for direction in Direction.allCases {
        let size = after[direction].forwarded - before[direction].forwarded
        least[direction] = min(least[direction] ?? size, size)
      }
    }
    return least
  }

  private func expectNothingLost(_ cluster: FaultCluster, _ node: FaultNode) async throws {
    #expect(cluster.book.duplicates.count == 0)
    #expect(try await cluster.issued(node) == cluster.book.count)
    try await cluster.expectSound(node)
  }

  private func issuedAgain(_ cluster: FaultCluster) async throws -> Int {
    Int(try await cluster.sql("SELECT count(*) FROM serial.issue_log WHERE again")) ?? 0
  }

  /// The read-back decides in time: the caller gets its serial.
  @Test(arguments: Direction.allCases)
  func aCallerGetsItsSerialWhereverTheConnectionIsCut(direction: Direction) async throws {
    try await run(Self.options) { cluster, proxy, node in
      let size = try await exchange(proxy, node)[direction] ?? 0
      try #require(size > 50)
      var cuts = 0
      var slowest = Duration.zero
      for byte in 1...size {
        for edge in byte == size ? ByteCut.Edge.allCases : [.before] {
          try await node.serve(1)
          let cutBefore = await proxy.traffic().cut
          await proxy.arm(ByteCut(edge, byte: byte, of: direction))
          let asked = ContinuousClock.now
          let outcome = await node.ask()
          slowest = max(slowest, asked.duration(to: .now))
          #expect(outcome.numbers.count == 1, "\(edge) \(byte): \(outcome)")
          await proxy.disarm()
          cuts += await proxy.traffic().cut - cutBefore
        }
      }
      // a number of one digit more or less changes the size by a byte or two
      #expect(cuts >= size - 4)
      try await expectNothingLost(cluster, node)
      print(
        "lost at each of \(size) bytes \(direction.rawValue): \(cuts) cuts,",
        "\(cluster.book.count) issued, \(cluster.book.duplicates.count) twice, none lost,",
        "slowest answer \(slowest)")
    }
  }

  /// The coordinator stays away for longer than the caller waits: it is told so, and the numbers go to
  /// the stock and to the next caller.
  @Test(arguments: Direction.allCases)
  func whatWasCommittedForNobodyIsHandedOutNext(direction: Direction) async throws {
    var options = Self.options
    options.unknownGraceMilliseconds = 10
    try await run(options) { cluster, proxy, node in
      let size = try await exchange(proxy, node)[direction] ?? 0
      let stride = 7
      var unknown = 0
      for byte in Swift.stride(from: 1, through: size, by: stride) {
        try await node.serve(1)
        await proxy.arm(ByteCut(.after, byte: byte, of: direction))
        // the connection that is there goes on; after the cut there is none
        try await proxy.refuse(true)
        let outcome = await node.ask()
        await proxy.disarm()
        try await proxy.heal()
        if outcome.refusal == .outcomeUnknown { unknown += 1 }
        // the whole answer had come when its last byte was the one that the cut came after
        #expect(outcome.refusal == .outcomeUnknown || byte == size, "\(byte): \(outcome)")
        try await node.serve(1)
      }
      #expect(unknown > size / stride / 2)
      let again = try await issuedAgain(cluster)
      if direction == .toClient {
        #expect(again == unknown, "each was committed, and its number went to the next")
      } else {
        #expect(again <= 1, "only the last byte completes the statement")
      }
      try await expectNothingLost(cluster, node)
      print(
        "unknown at every \(stride)th of \(size) bytes \(direction.rawValue): \(unknown) unknown,",
        "\(again) numbers to the next caller, \(cluster.book.count) issued,",
        "\(cluster.book.duplicates.count) twice")
    }
  }

  /// A commit with records whose connection is cut: each record is there once, with the number that its
  /// caller was told, and one whose caller was told nothing keeps its number.
  @Test(arguments: Direction.allCases)
  func noRecordIsLostOrDoubledWhereverTheConnectionIsCut(direction: Direction) async throws {
    var options = Self.options
    options.unknownGraceMilliseconds = 10
    try await run(options) { cluster, proxy, node in
      let size = try await exchange(proxy, node)[direction] ?? 0
      var told: [String] = []
      var unknown = 0
      for byte in Swift.stride(from: 1, through: size, by: 11) {
        try await node.serve(1)
        await proxy.arm(ByteCut(.after, byte: byte, of: direction))
        if byte % 2 == 0 { try await proxy.refuse(true) }
        let outcome = await node.ask(2, records: ["a", "b"].map { "{\"name\": \"\($0)\(byte)\"}" })
        await proxy.disarm()
        try await proxy.heal()
        if outcome.refusal == .outcomeUnknown { unknown += 1 }
        for (number, name) in zip(outcome.numbers, ["a", "b"]) {
          told.append("\(number) \(name)\(byte)")
        }
        // the outcome is settled before the next
        try await node.serve(1)
      }
      let rows = try await cluster.sql(
        "SELECT substr(job_serial, 6)::integer || ' ' || name FROM public.jobs"
      ).split(separator: "\n").map(String.init)
      #expect(Set(told).isSubset(of: rows), "\(Set(told).subtracting(rows))")
      let serials = Set(rows.map { $0.prefix { $0 != " " } })
      #expect(serials.count == rows.count && Set(rows).count == rows.count)
      #expect(unknown > size / 11 / 4, "\(unknown) of \(size)")
      #expect(told.count + 2 * unknown >= rows.count)
      #expect(cluster.book.duplicates.count == 0)
      // every number has a caller or a record
      let kept = Set(rows).subtracting(told).count
      #expect(try await cluster.issued(node) == cluster.book.count + kept)
      #expect(try await issuedAgain(cluster) <= 1, "none of them went to the stock")
      try await cluster.expectSound(node)
    }
  }

  /// The connection is cut while the commit waits for its standby; the read-back waits behind it.
  @Test(arguments: [true, false])
  func aCommitThatStillWaitsForItsStandbyIsReadBack(callerWaits: Bool) async throws {
    var options = Self.options
    options.connections = 4
    options.requiresStandby = false
    options.unknownGraceMilliseconds = callerWaits ? 25_000 : 100
    try await run(options) { cluster, proxy, node in
      let standby = try await cluster.postgres.addStandby()
      for ending in Ending.allCases {
        try await node.serve(1)
        try await standby.server.stop()
        async let asked = node.ask(3)
        let pid = try await cluster.commitWaitingForStandby(of: "eu-1")
        await proxy.cut(ending)
        if !callerWaits { #expect(await asked.refusal == .outcomeUnknown) }
        // the read-back has come, on a connection of its own, and waits for the lost statement
        try await until {
          try await cluster.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%read_back%'"
              + " AND \(pid) = ANY (pg_blocking_pids(pid))") == "1"
        }
        #expect(
          try await cluster.sql("SELECT state FROM pg_stat_activity WHERE pid = \(pid)")
            == "active", "the lost statement still waits")
        try await standby.server.start()
        if callerWaits { #expect(await asked.numbers.count == 3) }
        try await node.serve(3)
      }
      let again = try await issuedAgain(cluster)
      #expect(again == (callerWaits ? 0 : 2))
      try await expectNothingLost(cluster, node)
      print(
        "cut while it waits for the standby (the caller \(callerWaits ? "waits" : "is told")):",
        "\(again) blocks to the next caller, \(cluster.book.count) issued,",
        "\(cluster.book.duplicates.count) twice")
    }
  }
}
