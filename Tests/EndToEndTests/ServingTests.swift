import Foundation
import NIOHTTP1
import SerialAuth
import SerialFormat
import Testing

/// What callers see of a healthy cluster.
@Suite(.serialized)
struct ServingTests {
  @Test(.timeLimit(.minutes(10)))
  func sixtyFourClientsDrawThirtyThousandDifferentSerials() async throws {
    try await TestCluster.run { cluster in
      let wanted = 30_000
      let start = ContinuousClock.now
      let history = try await Load.run(on: cluster, clients: 64) { history in
        try await eventually("\(wanted) serials", within: .seconds(400)) {
          let ledger = try await cluster.sql(
            "SELECT coalesce(min(issued + leased + free + void), 99999) FROM serial.ledger")
          #expect(ledger == "99999")
          return history.count >= wanted
        }
      }
      let record = history.current
      let seconds = start.duration(to: .now) / .seconds(1)
      print(
        "\(record.serials.count) serials from 64 clients on 3 nodes in \(seconds) s, "
          + "refused: \(record.refusals)")
      let serials = try record.serials.map { try JobSerial(parsing: $0) }
      #expect(Set(serials).count == serials.count)
      #expect(record.unknownNumbers == 0)
      let year = try await cluster.sql("SELECT serial.running_year()")
      #expect(serials.allSatisfy { String($0.year) == year })
      let ledger = try await cluster.ledger()
      #expect(ledger.issued == serials.count)
      #expect(ledger.sum == 99_999)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func everyNodeAnswersEveryRequest() async throws {
    try await TestCluster.run { cluster in
      for name in TestCluster.names {
        let client = Client(url: cluster.url(name), token: cluster.token)
        guard case .issued(let jobs) = await client.draw(2),
          case .issued(let targets) = await client.draw(1, kind: "targets")
        else {
          Issue.record("\(name) issued nothing")
          continue
        }
        #expect(jobs.count == 2 && jobs.allSatisfy { $0.hasPrefix("J") })
        #expect(targets.count == 1 && targets.allSatisfy { $0.hasPrefix("T") })
        // and any other node knows it
        let other = Client(url: cluster.url("us-1"), token: cluster.token)
        let shown = try await other.send(.GET, "/api/serials/\(jobs[0])").json()
        #expect(shown["state"] as? String == "issued")
        #expect(shown["node"] as? String == name)
        #expect(shown["subject"] as? String == "end-to-end")
        for path in [
          "/health", "/health/ready", "/metrics", "/openapi.yaml", "/api/capacity", "/api/nodes",
          "/api/leases",
        ] {
          #expect(try await client.send(.GET, path).status == 200, "\(name) \(path)")
        }
        let metrics = String(
          decoding: try await client.send(.GET, "/metrics").body, as: UTF8.self)
        for metric in [
          "serial_issued_total{kind=\"job\"} 2", "serial_allocate_seconds_bucket",
          "serial_commit_seconds_count", "serial_commit_batch_size_sum", "serial_coordinator_up 1",
          "serial_ledger_numbers{", "serial_leases{",
          "serial_coordinator_certificate_end_timestamp_seconds", "serial_fenced_total 0",
          "serial_incidents_total 0", "serial_lease_events_total{event=\"granted\"}",
        ] {
          #expect(metrics.contains(metric), "\(metric) in \(metrics)")
        }
      }
      let capacity = try await Client(url: cluster.url("eu-2"), token: cluster.token)
        .send(.GET, "/api/capacity").json()
      let counters = try #require(capacity["counters"] as? [[String: Any]])
      #expect(counters.count == 2)
      for counter in counters {
        let parts = ["issued", "leased", "free", "void"].compactMap { counter[$0] as? Int }
        #expect(parts.reduce(0, +) == 99_999)
      }
      #expect(try await cluster.ledger().issued == 6)
      #expect(try await cluster.ledger("target").issued == 3)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func onlyWhoMayGetsNumbersAndBadRequestsHurtNobody() async throws {
    try await TestCluster.run { cluster in
      let all = Set(Scope.allCases)
      let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4IiwiYXVkIjoic2VyaWFsZCIsImV4cCI6OTk5OTk5OTk5OX0."
      for (token, status) in [
        (nil, 401), ("nonsense", 401), (none, 401),
        (try await TestCluster.mint(scopes: all, age: 90_000), 401),
        (
          try await TestCluster.mint(
            scopes: all, secret: "another-secret-of-more-than-32-bytes-length"), 401
        ),
        (try await TestCluster.mint(scopes: all, audience: "someone-else"), 401),
        (try await TestCluster.mint(scopes: [.readRecords, .readCluster]), 403),
      ] as [(String?, Int)] {
        let client = Client(url: cluster.url("eu-1"), token: token)
        guard case .refused(let got, let code) = await client.draw() else {
          Issue.record("a token that is no good was served")
          continue
        }
        #expect(got == status)
        #expect(code == (status == 401 ? "unauthenticated" : "forbidden"))
      }
      let client = Client(url: cluster.url("eu-1"), token: cluster.token)
      for (body, status) in [
        (#"{"count": 0}"#, 400), (#"{"count": 1001}"#, 400), (#"{"count": -1}"#, 400),
        (#"{"count": "x"}"#, 400), (#"{"count": 1.5}"#, 400), (#"{"count": 1"#, 400),
        (#"{"number": 1}"#, 400), ("[]", 400), ("", 201),
        (String(repeating: "x", count: 10 << 20), 413),
      ] {
        let answer = try? await client.send(.POST, "/api/serials/jobs", body: Data(body.utf8))
        // a body that is far too large may be refused while it is still being sent
        if body.utf8.count > 1 << 20, answer == nil { continue }
        #expect(answer?.status == status, "\(body.prefix(40))")
        if status != 201 {
          #expect(answer?.headers.first(name: "content-type") == "application/problem+json")
          #expect(try answer?.problem().status == status)
        }
      }
      let method = try await client.send(.PUT, "/api/serials/jobs")
      #expect(method.status == 405)
      #expect(try method.problem().status == 405)
      #expect(try await client.send(.GET, "/api/nothing").problem().code == "not-found")
      #expect(
        try await client.send(.GET, "/api/serials/J20260001").problem().code == "invalid-serial")
      // and the node goes on
      guard case .issued = await client.draw() else {
        Issue.record("the node does not go on")
        return
      }
      #expect(try await cluster.ledger().issued == 2)
    }
  }
}
