import Foundation
import LocalCluster
import NIOHTTP1
import SerialFormat
import Testing

/// Faults under load, with real processes. Nothing is ever issued twice, and nothing is lost that
/// was not in flight.
@Suite(.serialized)
struct FaultTests {
  /// All serials that clients received are different and recorded as issued; what is recorded and
  /// was not received is at most what the requests without an answer had asked for, and the issue
  /// log names each.
  private func expectNothingTwice(_ history: History, _ cluster: TestCluster, fault: String)
    async throws
  {
    let record = history.current
    let numbers = try record.serials.map { try JobSerial(parsing: $0).number }
    #expect(Set(numbers).count == numbers.count, "duplicates after \(fault)")
    let ledger = try await cluster.ledger()
    #expect(ledger.sum == 99_999)
    let lost = ledger.issued - numbers.count
    print(
      "\(fault): \(numbers.count) received, \(ledger.issued) issued, \(lost) received by no client, "
        + "\(record.unknownNumbers) asked for by requests without an answer, "
        + "refused: \(record.refusals), slowest refusal \(record.slowestRefusal)")
    #expect(lost >= 0)
    #expect(lost <= record.unknownNumbers)
    // number by number: every number that was issued has a line, and a line says who
    let logged = try await cluster.sql(
      """
      SELECT count(*), count(DISTINCT n) FROM serial.issue_log i,
        generate_series(lower(i.numbers), upper(i.numbers) - 1) AS n
      WHERE i.kind = 'job' AND NOT i.again AND i.subject = 'end-to-end'
      """)
    #expect(logged == "\(ledger.issued)|\(ledger.issued)")
    let text = try await cluster.sql(
      """
      SELECT coalesce(string_agg(n::text, ','), '') FROM serial.issue_log i,
        generate_series(lower(i.numbers), upper(i.numbers) - 1) AS n
      WHERE i.kind = 'job' AND NOT i.again
      """)
    let issued = Set(text.split(separator: ",").compactMap { Int($0) })
    #expect(issued.isSuperset(of: numbers), "received but not in the issue log")
    #expect(issued.subtracting(numbers).count == lost)
  }

  /// Nothing is leased but by processes that live.
  private func expectOnlyTheLivingHoldLeases(_ cluster: TestCluster) async throws {
    try await eventually("leases of dead processes are gone") {
      try await cluster.sql(
        """
        SELECT count(*) FROM serial.leases l JOIN serial.boots b USING (boot_id)
        WHERE l.state = 'live' AND (b.ended_at IS NOT NULL OR b.last_seen_at + b.ttl < now())
        """) == "0"
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aNodeThatIsKilledUnderLoad() async throws {
    try await TestCluster.run { cluster in
      let node = try cluster.node("eu-1")
      let history = try await Load.run(on: cluster, clients: 24, counts: 1...4) { history in
        for _ in 0..<3 {
          let before = history.count
          try await eventually("load") { history.count > before + 300 }
          try await node.kill()
          let after = history.count
          try await eventually("the others go on") { history.count > after + 100 }
          try await node.start()
          try await node.waitUntilReady()
        }
      }
      try await expectNothingTwice(history, cluster, fault: "kill -9, three times")
      try await expectOnlyTheLivingHoldLeases(cluster)
    }
  }

  /// Not restarted: its leases end by their time to live, and nothing it held is lost.
  @Test(.timeLimit(.minutes(5)))
  func aNodeThatIsKilledAndStaysDead() async throws {
    try await TestCluster.run { cluster in
      let node = try cluster.node("us-1")
      let history = try await Load.run(on: cluster, clients: 24) { history in
        try await eventually("load") { history.count > 600 }
        try await node.kill()
        let after = history.count
        try await eventually("the others go on") { history.count > after + 200 }
      }
      try await eventually("the dead node's leases have expired") {
        try await cluster.sql(
          "SELECT count(*) FROM serial.leases WHERE state = 'live' AND node = 'us-1'") == "0"
      }
      try await expectNothingTwice(history, cluster, fault: "kill -9 for good")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aNodeThatIsStoppedUntilItsLeaseHasExpired() async throws {
    try await TestCluster.run { cluster in
      let node = try cluster.node("eu-2")
      let history = try await Load.run(on: cluster, clients: 24) { history in
        try await eventually("load") { history.count > 600 }
        try await node.pause()
        try await eventually("its leases have expired and were closed") {
          try await cluster.sql(
            "SELECT count(*) FROM serial.leases WHERE state = 'live' AND node = 'eu-2'") == "0"
        }
        // others get what it held
        let before = history.count
        try await eventually("the others go on") { history.count > before + 600 }
        try await node.resume()
        try await node.waitUntilReady()
        let after = history.count
        try await eventually("all go on") { history.count > after + 600 }
      }
      try await expectNothingTwice(history, cluster, fault: "SIGSTOP beyond expiry, SIGCONT")
      try await expectOnlyTheLivingHoldLeases(cluster)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aCoordinatorThatStopsAtOnceAndComesBack() async throws {
    try await TestCluster.run { cluster in
      let probe = Client(url: cluster.url("eu-1"), token: cluster.token)
      let history = try await Load.run(on: cluster, clients: 24, counts: 1...4) { history in
        for _ in 0..<2 {
          let before = history.count
          try await eventually("load") { history.count > before + 500 }
          try await cluster.postgres.server.stop(.immediate)
          var refusals: Set<String> = []
          try await eventually("the node says that the coordinator is away") {
            let answer = try await probe.send(
              .POST, "/api/serials/jobs", body: Data("{}".utf8))
            guard answer.status == 503 else { return false }
            let problem = try answer.problem()
            refusals.insert(problem.code)
            if problem.code == "coordinator-unavailable" {
              #expect(answer.headers.first(name: "Retry-After") != nil)
            }
            return problem.code == "coordinator-unavailable"
          }
          #expect(refusals.isSubset(of: ["coordinator-unavailable", "outcome-unknown"]))
          #expect(try await probe.send(.GET, "/health").status == 200)
          #expect(try await probe.send(.GET, "/health/ready").status == 503)
          try await cluster.postgres.server.start()
          for name in TestCluster.names { try await cluster.node(name).waitUntilReady() }
        }
        let after = history.count
        try await eventually("all go on by themselves") { history.count > after + 600 }
      }
      let refusals = Set(history.current.refusals.keys)
      #expect(refusals.isSubset(of: ["coordinator-unavailable", "outcome-unknown"]))
      #expect(refusals.contains("coordinator-unavailable"))
      try await expectNothingTwice(history, cluster, fault: "coordinator stopped, twice")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aShutdownAnswersWhatIsInFlightAndGivesEverythingBack() async throws {
    try await TestCluster.run { cluster in
      let node = try cluster.node("eu-1")
      let history = try await Load.run(on: cluster, clients: 24) { history in
        try await eventually("load") { history.count > 600 }
        #expect(try await node.stop() == .stopped)
        #expect(
          try await cluster.sql(
            "SELECT count(*) FROM serial.leases WHERE state = 'live' AND node = 'eu-1'") == "0")
        let after = history.count
        try await eventually("the others go on") { history.count > after + 100 }
      }
      try await expectNothingTwice(history, cluster, fault: "SIGTERM")
      for name in ["eu-2", "us-1"] { #expect(try await cluster.node(name).stop() == .stopped) }
      #expect(try await cluster.ledger().leased == 0)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aSecondProcessOfTheSameNodeReplacesTheFirst() async throws {
    try await TestCluster.run { cluster in
      let first = Client(url: cluster.url("eu-1"), token: cluster.token)
      guard case .issued(let before) = await first.draw(3) else {
        Issue.record("nothing was issued")
        return
      }
      var twin = try cluster.node("eu-1").configuration
      let port = try FreePort()
      twin.port = port.number
      twin.environment["SERIAL_API_PORT"] = String(port.number)
      twin.logFile += ".twin"
      // as on another machine: on this one the first process has the directory
      twin.journalDirectory += ".twin"
      let second = NodeProcess(configuration: twin)
      try await second.start()
      try await second.waitUntilReady()
      try await eventually("the first finds out") {
        try await first.send(.GET, "/health/ready").status == 503
      }
      guard case .refused(503, _) = await first.draw() else {
        Issue.record("the first process still issues")
        return
      }
      let other = Client(url: "http://127.0.0.1:\(port.number)", token: cluster.token)
      guard case .issued(let after) = await other.draw(3) else {
        Issue.record("the second process does not issue")
        return
      }
      #expect(Set(before).isDisjoint(with: after))
      try await second.kill()
    }
  }
}
