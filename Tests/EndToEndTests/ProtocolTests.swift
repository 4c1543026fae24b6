import Foundation
import LocalCluster
import NIOHTTP1
import SerialAuth
import SerialFormat
import Testing

/// What callers and operators see of the whole protocol, with real processes.
@Suite(.serialized)
struct ProtocolTests {
  @Test(.timeLimit(.minutes(5)))
  func oneKeySentToThreeNodesAtOnceAHundredTimesIsOneSerial() async throws {
    try await TestCluster.run { cluster in
      let answers = try await withThrowingTaskGroup(of: Client.Answer.self) { group in
        for turn in 0..<100 {
          let client = Client(
            url: cluster.url(TestCluster.names[turn % 3]), token: cluster.token)
          group.addTask {
            while true {
              let answer = try await client.send(
                .POST, "/api/serials/jobs", headers: ["Idempotency-Key": "order-17"])
              // another with the same key is under way: to be asked again
              if answer.status != 503 { return answer }
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.allSatisfy { $0.status == 201 })
      let serials = Set(try answers.flatMap { try $0.json()["serials"] as? [String] ?? [] })
      #expect(serials.count == 1)
      #expect(answers.filter { $0.headers["Idempotent-Replay"] == ["true"] }.count == 99)
      // what counts is what was used up
      #expect(try await cluster.ledger().issued == 1)
      let client = Client(url: cluster.url("eu-1"), token: cluster.token)
      let other = try await client.send(
        .POST, "/api/serials/jobs", body: Data(#"{"count": 2}"#.utf8),
        headers: ["Idempotency-Key": "order-17"])
      #expect(other.status == 422)
      #expect(try other.problem().code == "idempotency-key-reused")
      let long = try await client.send(
        .POST, "/api/serials/jobs",
        headers: ["Idempotency-Key": String(repeating: "k", count: 201)])
      #expect(long.status == 400)
      #expect(try await cluster.ledger().issued == 1)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func whatIsCommittedAheadIsIssuedWhileTheCoordinatorIsAway() async throws {
    try await TestCluster.run(
      environment: ["SERIAL_LEASE_AHEAD_FLOOR": "500", "SERIAL_LEASE_AHEAD_LARGEST": "500"]
    ) { cluster in
      let client = Client(url: cluster.url("eu-1"), token: cluster.token)
      guard case .issued(let before) = await client.draw() else {
        throw NeverHappened(what: "the first serial")
      }
      try await eventually("500 are committed ahead") {
        let risk = try await cluster.sql(
          "SELECT coalesce(sum(at_risk), 0) FROM serial.lease_status WHERE node = 'eu-1'")
        return (Int(risk) ?? 0) >= 500
      }
      try await cluster.postgres.server.stop(.immediate)
      var received = before
      var refusal = ""
      while refusal.isEmpty {
        switch await client.draw() {
        case .issued(let serials): received += serials
        case .refused(503, let code): refusal = code
        case let outcome: throw NeverHappened(what: "an answer; \(outcome)")
        }
      }
      #expect(refusal == "coordinator-unavailable")
      print("coordinator away: \(received.count - before.count) issued of what was committed ahead")
      #expect(received.count - before.count >= 500)
      try await cluster.postgres.server.start()
      try await cluster.node("eu-1").waitUntilReady()
      let history = try await Load.run(on: cluster, clients: 12) { history in
        try await eventually("all nodes issue again") { history.count > 300 }
      }
      let all = try (received + history.current.serials).map { try JobSerial(parsing: $0).number }
      #expect(Set(all).count == all.count)
      // what was handed out ahead is in the log, as soon as the coordinator is back
      try await eventually("each number that was received has a line") {
        try await cluster.sql(
          """
          SELECT count(DISTINCT n) FROM serial.issue_log i,
            generate_series(lower(i.numbers), upper(i.numbers) - 1) AS n
          WHERE n = ANY (ARRAY\(all))
          """) == "\(all.count)"
      }
      #expect(try await cluster.sql("SELECT count(*) FROM serial.verify()") == "0")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func aNodeIsDrainedByCommandAndByItsSignal() async throws {
    try await TestCluster.run { cluster in
      let control = Control(cluster)
      let client = Client(url: cluster.url("eu-2"), token: cluster.token)
      _ = await client.draw(5)
      try await control("drain", "eu-2").expectSuccess()
      #expect(
        try await cluster.sql(
          "SELECT count(*) FROM serial.leases WHERE state = 'live' AND node = 'eu-2'") == "0")
      guard case .refused(503, "draining") = await client.draw() else {
        Issue.record("a drained node issues")
        return
      }
      #expect(try await client.send(.GET, "/health/ready").problem().code == "draining")
      // a new process of the node issues again
      try await cluster.node("eu-2").stop()
      try await cluster.node("eu-2").start()
      try await cluster.node("eu-2").waitUntilReady()
      guard case .issued = await client.draw() else {
        Issue.record("a restarted node does not issue")
        return
      }
      try await cluster.node("eu-2").stop()
      #expect(
        try await cluster.sql(
          "SELECT count(*) FROM serial.leases WHERE state = 'live' AND node = 'eu-2'") == "0")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func anOperatorVoidsFreezesLimitsAndVerifies() async throws {
    try await TestCluster.run { cluster in
      let control = Control(cluster)
      let client = Client(url: cluster.url("us-1"), token: cluster.token)
      guard case .issued(let serials) = await client.draw(3) else {
        throw NeverHappened(what: "three serials")
      }
      let year = String(serials[0].dropFirst().prefix(4))
      try await control("void", "J\(year)70000", "--count", "10", "--reason", "printed wrongly")
        .expectSuccess()
      try await control("void", serials[1], "--reason", "typo").expectSuccess()
      let gaps = try await control("gaps")
      gaps.expectSuccess()
      for word in ["printed wrongly", "typo", serials[0], "end-to-end"] {
        #expect(gaps.output.contains(word), "\(word) in \(gaps.output)")
      }
      try await control("unvoid", "J\(year)70000", "--count", "10", "--reason", "found")
        .expectSuccess()
      try await control("freeze", "job", year, "--reason", "audit").expectSuccess()
      guard case .refused(409, "frozen") = await client.draw() else {
        Issue.record("a frozen counter issues")
        return
      }
      try await control("unfreeze", "job", year, "--reason", "done").expectSuccess()
      try await control("quota", "set", "end-to-end", "--per-year", "5").expectSuccess()
      guard case .issued = await client.draw(2),
        case .refused(429, "quota-exceeded") = await client.draw()
      else {
        Issue.record("a quota of five is not five")
        return
      }
      try await control("quota", "remove", "end-to-end").expectSuccess()
      try await control("reserve", "job", year, "99990").expectSuccess()
      // its tokens are an administrator's, which may use the reserve; the node believes a used-up
      // quota for a few seconds
      try await eventually("an administrator may use the reserve") {
        if case .issued = await client.draw(10) { true } else { false }
      }
      let poor = Client(
        url: cluster.url("eu-1"), token: try await TestCluster.mint(scopes: [.allocateSerials]))
      try await eventually("nothing but the reserve is left") {
        if case .refused(409, "reserve-only") = await poor.draw() { true } else { false }
      }
      let events = try await control("events", "--json")
      events.expectSuccess()
      for event in ["voided", "unvoided", "frozen", "unfrozen", "quota-set", "reserve-set", "boot"]
      {
        #expect(events.output.contains("\"\(event)\""), "\(event)")
      }
      try await control("verify").expectSuccess()
      // and it is a check that can fail
      _ = try await cluster.sql(
        """
        INSERT INTO serial.issue_log
          (kind, year, numbers, lease_id, node, boot_id, subject, request_id)
        VALUES ('job', \(year), '[88888,88888]', gen_random_uuid(), 'eu-1', gen_random_uuid(), 'x',
          gen_random_uuid())
        """)
      let broken = try await control("verify")
      #expect(broken.status == 1)
      #expect(broken.output.contains("88888"), "\(broken.output)")
    }
  }

  /// A coordinator that started again waits for the nodes' reports, and no longer.
  @Test(.timeLimit(.minutes(5)))
  func grantsWaitForReportsAfterAStart() async throws {
    try await TestCluster.run { cluster in
      let control = Control(cluster)
      try await cluster.node("us-1").kill()
      try await cluster.postgres.server.restart()
      try await eventually("grants wait for the node that is away") {
        try await cluster.sql("SELECT grants_open, waiting_for FROM serial.show_grants()")
          == "f|{us-1}"
      }
      let client = Client(url: cluster.url("eu-1"), token: cluster.token)
      let refused = try await client.send(.POST, "/api/serials/jobs")
      #expect(refused.status == 503)
      #expect(try refused.problem().code == "coordinator-unavailable")
      let shown = try await control("grants")
      #expect(shown.output.contains("us-1"), "\(shown.output)")
      try await control("recover", "--reason", "us-1 burned down").expectSuccess()
      try await eventually("serials come again") {
        if case .issued = await client.draw() { true } else { false }
      }
      try await control("retire", "us-1", "--reason", "us-1 burned down").expectSuccess()
      try await cluster.postgres.server.restart()
      try await eventually("nobody waits for a retired node") {
        if case .issued = await client.draw() { true } else { false }
      }
    }
  }
}

/// `serialctl` with the cluster's environment.
struct Control {
  let environment: [String: String]

  init(_ cluster: TestCluster) {
    environment = [
      "SERIAL_URLS": TestCluster.names.map(cluster.url).joined(separator: " "),
      "SERIAL_TOKEN": cluster.token,
    ]
  }

  func callAsFunction(_ arguments: String...) async throws -> ProgramRun {
    try await TestCluster.program("serialctl", arguments, environment)
  }
}
