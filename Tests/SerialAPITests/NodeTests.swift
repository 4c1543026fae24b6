import Allocator
import HTTPTypes
import HummingbirdTesting
import Logging
import Metrics
import PrometheusText
import SerialAuth
import Synchronization
import Testing

@testable import SerialAPI

@Suite struct NodeTests {
  let world: World

  init() async throws { world = try await World() }

  func get(
    _ path: String, _ method: HTTPRequest.Method = .get, from world: World? = nil
  ) async throws -> Answer {
    try await (world ?? self.world).routed { client in try await client.send(method, path) }
  }

  @Test func health() async throws {
    world.cluster.fail(.unavailable)
    world.issuing.setReadiness(.draining)
    let answer = try await get("/health")
    #expect(answer.status == .ok)
    #expect(answer.text == "{\"node\":\"eu-1\",\"status\":\"ok\"}")
  }

  @Test(
    arguments: [
      (Readiness.ready, nil), (.starting("Not yet."), "coordinator-unavailable"),
      (.coordinatorAway("Away."), "coordinator-unavailable"), (.draining, "draining"),
      (.superseded, "superseded"),
    ] as [(Readiness, String?)])
  func readiness(state: Readiness, code: String?) async throws {
    world.issuing.setReadiness(state)
    let answer = try await get("/health/ready")
    if let code {
      #expect(answer.status == .serviceUnavailable)
      #expect(answer.problemCode() == code)
      #expect(answer.headers[.retryAfter] == "1")
    } else {
      #expect(answer.text == "{\"node\":\"eu-1\",\"status\":\"ready\"}")
    }
  }

  @Test func metricsOfTheCluster() async throws {
    let answer = try await get("/metrics")
    #expect(answer.status == .ok)
    #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
    for line in [
      "serial_ledger_numbers{kind=\"job\",state=\"free\",year=\"2026\"} 87553",
      "serial_ledger_numbers{kind=\"target\",state=\"issued\",year=\"2026\"} 0",
      "serial_leases{kind=\"job\"} 1", "serial_leases{kind=\"target\"} 0",
      "serial_coordinator_up 1",
      "serial_coordinator_certificate_end_timestamp_seconds 1800000000",
    ] {
      #expect(answer.text.contains("\n\(line)\n"), "\(line)")
    }
  }

  @Test func metricsOfRequests() async throws {
    let token = try await world.token(.readRecords)
    let text = try await world.routed { client in
      for path in ["/api/serials/J202600001", "/api/serials/J202600002", "/api/serials/x"] {
        _ = try await client.send(.get, path, token: token)
      }
      _ = try await client.send(.get, "/api/serials/J202600001")
      _ = try await client.send(.get, "/nothing/\"here\"")
      _ = try await client.send(.get, "/other")
      _ = try await client.send(.delete, "/api/capacity")
      let made = try #require(HTTPRequest.Method("MADEUP"))
      _ = try await client.send(made, "/api/capacity")
      return try await client.send(.get, "/metrics").text
    }
    for line in [
      "http_requests_total{method=\"GET\",route=\"/api/serials/{serial}\",status=\"200\"} 2",
      "http_requests_total{method=\"GET\",route=\"/api/serials/{serial}\",status=\"400\"} 1",
      "http_requests_total{method=\"GET\",route=\"/api/serials/{serial}\",status=\"401\"} 1",
      "http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 2",
      "http_requests_total{method=\"DELETE\",route=\"/api/capacity\",status=\"405\"} 1",
      "http_requests_total{method=\"other\",route=\"/api/capacity\",status=\"405\"} 1",
      "http_request_seconds_count{method=\"GET\",route=\"/api/serials/{serial}\"} 4",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
    #expect(!text.contains("J202600001") && !text.contains("nothing"))
  }

  @Test(.timeLimit(.minutes(1))) func metricsWithoutACoordinator() async throws {
    world.cluster.fail(.unavailable)
    let answer = try await get("/metrics")
    #expect(answer.status == .ok)
    #expect(answer.text.contains("\nserial_coordinator_up 0\n"))
    #expect(!answer.text.contains("serial_ledger_numbers"))
    world.cluster.fail(nil)
    world.cluster.hang(true)
    let world = world.limited { $0.readMilliseconds = 20 }
    let late = try await get("/metrics", from: world)
    #expect(late.text.contains("\nserial_coordinator_up 0\n"))
  }

  @Test func eachRequestHasOneLine() async throws {
    let token = try await world.token(.readRecords)
    try await world.routed { client in
      _ = try await client.send(.get, "/api/serials/J202600001", token: token)
      _ = try await client.send(.get, "/health")
      _ = try await client.send(.get, "/nothing")
    }
    let lines = world.lines.all.filter { $0.message == "request" }
    #expect(lines.map(\.level) == [.info, .debug, .info])
    #expect(lines.map { $0.metadata["route"] } == ["/api/serials/{serial}", "/health", "none"])
    #expect(lines.map { $0.metadata["status"]?.description } == ["200", "200", "404"])
    #expect(lines.allSatisfy { $0.metadata["request_id"] != nil && $0.metadata["method"] == "GET" })
    #expect(lines.allSatisfy { Double($0.metadata["duration_ms"]?.description ?? "") != nil })
  }

  @Test func headIsAnsweredWhereGetIs() async throws {
    let answer = try await get("/health", .head)
    #expect(answer.status == .ok)
    #expect(answer.text.isEmpty)
  }
}

@Suite struct ClusterGaugesTests {
  @Test func aReadingServesOneSecond() async {
    let clock = Mutex(ContinuousClock.now)
    let cluster = FakeCluster()
    let gauges = ClusterGauges(cluster: cluster, limit: .seconds(5)) { clock.withLock { $0 } }
    _ = await gauges.families()
    clock.withLock { $0 += .seconds(1) }
    _ = await gauges.families()
    #expect(cluster.readings == 1)
    clock.withLock { $0 += .milliseconds(1) }
    _ = await gauges.families()
    #expect(cluster.readings == 2)
  }

  @Test(.timeLimit(.minutes(1))) func manyScrapesAreOneReading() async {
    let cluster = FakeCluster()
    cluster.hang(true)
    let gauges = ClusterGauges(cluster: cluster, limit: .milliseconds(50))
    let all = await withTaskGroup(of: [MetricFamily].self) { group in
      for _ in 0..<50 { group.addTask { await gauges.families() } }
      var all: [[MetricFamily]] = []
      for await families in group { all.append(families) }
      return all
    }
    #expect(cluster.readings == 1)
    #expect(all.allSatisfy { $0.map(\.name) == ["serial_coordinator_up"] })
  }
}
