import Allocator
import HTTPTypes
import HummingbirdTesting
import Logging
import SerialAuth
import Testing

@testable import SerialAPI

@Suite struct ClusterTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    token = try await world.token(.readCluster, .readRecords)
  }

  func get(_ path: String, from world: World? = nil) async throws -> Answer {
    try await (world ?? self.world).routed { client in
      try await client.send(.get, path, token: token)
    }
  }

  @Test func capacity() async throws {
    let answer = try await get("/api/capacity")
    #expect(
      answer.text == """
        {"counters":[{"capacity":99999,"exhausted_at":null,"free":87553,"frozen":false,\
        "issued":12345,"kind":"job","leased":100,"rate_per_day":0,"reserve":10,\
        "used_percent":12.35,"void":1,"year":2026},\
        {"capacity":99999,"exhausted_at":null,"free":99999,"frozen":true,"issued":0,\
        "kind":"target","leased":0,"rate_per_day":0,"reserve":0,"used_percent":0,"void":0,\
        "year":2026}]}
        """)
  }

  @Test func nodes() async throws {
    let answer = try await get("/api/nodes")
    #expect(
      answer.text == """
        {"nodes":[{"boot_id":"99999999-2222-3333-4444-555555555555",\
        "last_seen_at":"2026-05-29T12:00:00.250Z","leased_numbers":60,"leases":1,"live":true,\
        "node":"eu-1","region":"eu","started_at":"2026-05-29T12:00:00.250Z","state":"active"},\
        {"boot_id":null,"last_seen_at":null,"leased_numbers":0,"leases":0,"live":false,\
        "node":"us-1","region":"us","started_at":null,"state":"retired"}]}
        """)
  }

  @Test func leases() async throws {
    let answer = try await get("/api/leases")
    #expect(
      answer.text == """
        {"leases":[{"at_risk":7,"committed_through":12385,\
        "expires_at":"2026-05-29T12:00:15.250Z","first":12346,\
        "granted_at":"2026-05-29T12:00:00.250Z","id":"11111111-2222-3333-4444-555555555555",\
        "kind":"job","last":12445,"node":"eu-1","recalled_at":null,"remaining":60,"year":2026}]}
        """)
  }

  @Test(arguments: CoordinatorError.Code.allCases)
  func aReadingThatFails(code: CoordinatorError.Code) async throws {
    world.cluster.fail(code)
    for route in Route.reading {
      let answer = try await get(route.samplePath)
      #expect(answer.status == .serviceUnavailable)
      #expect(answer.problemCode() == "coordinator-unavailable")
      #expect(answer.headers[.retryAfter] == (code == .rejected ? "30" : "1"))
      #expect(!answer.text.contains("secret host name"))
    }
    let level = code == .rejected ? "error" : "debug"
    let line = world.lines.all.first { $0.message == "reading the cluster failed" }
    #expect(line?.level.rawValue == level)
  }

  @Test(.timeLimit(.minutes(1))) func aReadingThatHangs() async throws {
    let world = world.limited { $0.readMilliseconds = 20 }
    world.cluster.hang(true)
    for path in ["/api/capacity", "/api/serials/J202600001"] {
      let answer = try await get(path, from: world)
      #expect(answer.status == .serviceUnavailable)
      #expect(answer.problemCode() == "coordinator-unavailable")
      #expect(answer.headers[.retryAfter] == "1")
    }
  }

  @Test func queriesAreRefused() async throws {
    #expect(try await get("/api/capacity?year=2026").problemCode() == "invalid-request")
  }
}
