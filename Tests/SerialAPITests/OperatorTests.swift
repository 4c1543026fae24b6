import Allocator
import HTTPTypes
import HummingbirdTesting
import LeaseCore
import Logging
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

@Suite struct OperatorTests {
  typealias Call = FakeOperating.Call

  static let job = Counter(kind: .job, year: 2026)

  let world: World
  let token: String

  init() async throws {
    world = try await World()
    token = try await world.token(.administerCluster, subject: "ops")
  }

  func send(
    _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, to world: World? = nil
  ) async throws -> Answer {
    try await (world ?? self.world).routed { client in
      try await client.send(method, path, token: token, body: body)
    }
  }

  func send(_ route: Route, _ body: String? = nil) async throws -> Answer {
    try await send(route.method, route.samplePath, body ?? route.sampleBody)
  }

  func block(_ first: Int, _ last: Int) throws -> Block {
    try #require(Block(first: first, last: last))
  }

  @Test func voidAndBack() async throws {
    world.operating.answer(.done(3))
    let body = "{\"reason\":\"printed twice\",\"count\":3}"
    let answer = try await send(.post, "/api/serials/J202600017/void", body)
    #expect(answer.status == .ok)
    #expect(answer.text == "{\"changed\":3}")
    world.operating.answer(.done(0))
    let back = try await send(.post, "/api/serials/T202799999/unvoid", "{\"reason\":\"x\"}")
    #expect(back.text == "{\"changed\":0}")
    #expect(
      world.operating.calls == [
        .void(try block(17, 19), Self.job, reason: "printed twice", by: "ops"),
        .unvoid(
          try block(99_999, 99_999), Counter(kind: .target, year: 2027), reason: "x", by: "ops"),
      ])
  }

  @Test(
    arguments: [
      (.recorded(18), 409, "immutable-record", nil), (.notVoid(18), 409, "invalid-transition", nil),
      (.leased(18, node: "us-1"), 503, "recalling", "1"),
    ] as [(VoidOutcome, Int, String, String?)])
  func whatIsNotStruckOut(
    outcome: VoidOutcome, status: Int, code: String, retry: String?
  ) async throws {
    world.operating.answer(outcome)
    for route in [Route.voidSerial, .unvoidSerial] {
      let answer = try await send(route)
      #expect(answer.status.code == status)
      #expect(answer.problemCode() == code)
      #expect(answer.headers[.retryAfter] == retry)
      #expect(answer.detail?.contains("J202600018") == true)
      #expect(answer.detail?.contains("us-1") == (retry != nil))
      #expect(answer["kind"] == .string("job") && answer["year"] == .number("2026"))
    }
  }

  @Test(
    arguments: [
      ("J20260000X", "invalid-serial", "Invalid job serial format: J20260000X"),
      ("jobs", "invalid-serial", "Invalid job serial format: jobs"),
      ("%FF", "invalid-serial", "Invalid serial format: %FF"),
      (
        "J202600001.0001", "invalid-request",
        "J202600001.0001 is no number of a counter: expected a job or target serial."
      ),
      (
        "J202600001.0001.0001", "invalid-request",
        "J202600001.0001.0001 is no number of a counter: expected a job or target serial."
      ),
      (
        "J202699999", "invalid-request",
        "2 numbers from J202699999 on end at 100000: expected at most 99999."
      ),
    ])
  func whatIsNoNumber(serial: String, code: String, detail: String) async throws {
    for verb in ["void", "unvoid"] {
      let answer = try await send(
        .post, "/api/serials/\(serial)/\(verb)", "{\"reason\":\"x\",\"count\":2}")
      #expect(answer.status == .badRequest)
      #expect(answer.problemCode() == code)
      #expect(answer.detail == detail)
    }
    #expect(world.operating.calls.isEmpty)
  }

  static let reasoned: [Route] = [
    .voidSerial, .unvoidSerial, .freezeCounter, .retireNode, .recoverGrants,
  ]

  @Test(arguments: OperatorTests.reasoned)
  func aReasonIsNeeded(route: Route) async throws {
    let other = route == .freezeCounter ? "\"frozen\":false," : ""
    let long = String(repeating: "\u{E4}", count: 500)
    for reason in ["\"\"", "\"\(long)x\"", "\"a\\nb\"", "\"a\\u0000\"", "\"\\u0085\"", "null", "1"]
    {
      let answer = try await send(route, "{\(other)\"reason\":\(reason)}")
      #expect(answer.problemCode() == "invalid-request", "\(reason)")
      #expect(
        answer.detail == "\"reason\" must be a text of 1 to 1000 bytes without control characters.")
      #expect(answer["field"] == .string("reason"))
    }
    let missing = try await send(route, "{\(other.dropLast())}")
    #expect(missing["field"] == .string("reason"))
    #expect(world.operating.calls.isEmpty)
    #expect(try await send(route, "{\(other)\"reason\":\"\(long)\"}").status == .ok)
    #expect(world.operating.calls.count == 1)
  }

  @Test(arguments: ["0", "100000", "-1", "1.5", "null", "\"1\""])
  func countsOfVoidAreRefused(count: String) async throws {
    let answer = try await send(.voidSerial, "{\"reason\":\"x\",\"count\":\(count)}")
    #expect(answer.detail == "\"count\" must be a whole number from 1 to 99999.")
    #expect(world.operating.calls.isEmpty)
  }

  @Test func aCounterIsFrozenAndKeepsAReserve() async throws {
    let frozen = try await send(
      .put, "/api/counters/target/2027/frozen", "{\"frozen\":true,\"reason\":\"a loop\"}")
    #expect(frozen.text == "{\"frozen\":true,\"kind\":\"target\",\"year\":2027}")
    let reserve = try await send(.put, "/api/counters/job/2026/reserve", "{\"numbers\":0}")
    #expect(reserve.text == "{\"kind\":\"job\",\"reserve\":0,\"year\":2026}")
    #expect(
      world.operating.calls == [
        .freeze(Counter(kind: .target, year: 2027), true, reason: "a loop", by: "ops"),
        .reserve(0, Self.job, by: "ops"),
      ])
  }

  @Test(arguments: [
    ("jobs/2026", "\"kind\" is \"jobs\": expected job or target."),
    ("Job/2026", "\"kind\" is \"Job\": expected job or target."),
    ("job/1999", "\"year\" is \"1999\": expected a year from 2000 to 9999."),
    ("job/10000", "\"year\" is \"10000\": expected a year from 2000 to 9999."),
    ("job/+2026", "\"year\" is \"+2026\": expected a year from 2000 to 9999."),
    ("job/02026", "\"year\" is \"02026\": expected a year from 2000 to 9999."),
    ("job/%D9%A2026", "\"year\" is \"\u{662}026\": expected a year from 2000 to 9999."),
    ("job/%FF", "\"year\" is \"%FF\": expected a year from 2000 to 9999."),
  ])
  func countersAreRefused(path: String, detail: String) async throws {
    for (verb, body) in [("frozen", Route.freezeCounter), ("reserve", .reserveCounter)] {
      let answer = try await send(.put, "/api/counters/\(path)/\(verb)", body.sampleBody)
      #expect(answer.problemCode() == "invalid-request")
      #expect(answer.detail == detail)
    }
    #expect(world.operating.calls.isEmpty)
  }

  @Test(arguments: NodeOutcome.allCases)
  func nodesAreDrainedAndRetired(outcome: NodeOutcome) async throws {
    world.operating.answer(outcome)
    for answer in [try await send(.drainNode), try await send(.retireNode)] {
      if outcome == .unknownNode {
        #expect(answer.status == .notFound)
        #expect(answer.problemCode() == "not-found")
        #expect(answer.detail == "Node not found: eu-1")
      } else {
        #expect(answer.text == "{\"node\":\"eu-1\",\"outcome\":\"\(outcome.rawValue)\"}")
      }
    }
    #expect(
      world.operating.calls == [
        .drain("eu-1", by: "ops"), .retire("eu-1", reason: "a test", by: "ops"),
      ])
  }

  @Test(arguments: ["EU-1", "1", "%00", "eu_1", String(repeating: "a", count: 64), "%ZZ"])
  func namesOfNodesAreRefused(node: String) async throws {
    let answer = try await send(.post, "/api/nodes/\(node)/drain", "{}")
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer["field"] == .string("node"))
    #expect(world.operating.calls.isEmpty)
  }

  @Test(
    arguments: [
      ("billing", "billing"), ("a%20b", "a b"), ("a%2Fb", "a/b"), ("%C3%A4", "\u{E4}"),
      ("a+b", "a+b"), ("%25", "%"), ("..", ".."), ("a%3Fb", "a?b"),
      (String(repeating: "%C3%A4", count: 100), String(repeating: "\u{E4}", count: 100)),
    ])
  func subjectsAreReadFromThePath(segment: String, subject: String) async throws {
    let answer = try await send(.put, "/api/quotas/\(segment)", "{\"per_minute\":60}")
    #expect(answer.status == .ok)
    #expect(answer["subject"] == .string(subject))
    let removed = try await send(.delete, "/api/quotas/\(segment)")
    #expect(removed["per_minute"] == .null && removed["per_year"] == .null)
    #expect(
      world.operating.calls == [
        .quota(of: subject, perMinute: 60, perYear: nil, by: "ops"),
        .quota(of: subject, perMinute: nil, perYear: nil, by: "ops"),
      ])
  }

  @Test(arguments: [
    String(repeating: "s", count: 201), String(repeating: "%C3%A4", count: 100) + "s", "%00",
    "a%0Ab", "%C2%85", "%FF", "%", "%4",
  ])
  func subjectsAreRefused(segment: String) async throws {
    for (method, body) in [(HTTPRequest.Method.put, "{\"per_minute\":1}"), (.delete, "")] {
      let answer = try await send(method, "/api/quotas/\(segment)", body)
      #expect(answer.status == .badRequest)
      #expect(answer.problemCode() == "invalid-request")
      #expect(answer["field"] == .string("subject"))
    }
    #expect(world.operating.calls.isEmpty)
  }

  @Test(
    arguments: [
      ("{\"per_minute\":1,\"per_year\":1000000}", 1, 1_000_000), ("{\"per_year\":5}", nil, 5),
      ("{\"per_minute\":7,\"per_year\":null}", 7, nil),
      ("{\"per_minute\":null,\"per_year\":null}", nil, nil),
    ] as [(String, Int?, Int?)])
  func quotasAreTaken(body: String, perMinute: Int?, perYear: Int?) async throws {
    #expect(try await send(.setQuota, body).status == .ok)
    #expect(
      world.operating.calls == [
        .quota(of: "billing", perMinute: perMinute, perYear: perYear, by: "ops")
      ])
  }

  @Test(arguments: [
    "", "{}", "{\"per_minute\":0}", "{\"per_minute\":-1}", "{\"per_year\":1000001}",
    "{\"per_year\":\"5\"}", "{\"per_hour\":5}", "{\"per_minute\":1.5}", "[]",
  ])
  func quotasAreRefused(body: String) async throws {
    #expect(try await send(.setQuota, body).problemCode() == "invalid-request")
    #expect(world.operating.calls.isEmpty)
  }

  @Test func grantsAreSetAndRecovered() async throws {
    let answer = try await send(.setGrants, "{\"wait_milliseconds\":0}")
    #expect(answer.text == "{\"synchronous_failover\":null,\"wait_milliseconds\":0}")
    let both = try await send(
      .setGrants, "{\"wait_milliseconds\":3600000,\"synchronous_failover\":true}")
    #expect(both.text == "{\"synchronous_failover\":true,\"wait_milliseconds\":3600000}")
    let recovered = try await send(.recoverGrants, "{\"reason\":\"lost\"}")
    #expect(recovered.text == "{\"not_reported\":[\"eu-2\",\"us-1\"]}")
    #expect(
      world.operating.calls == [
        .recovery(waitMilliseconds: 0, synchronous: nil, by: "ops"),
        .recovery(waitMilliseconds: 3_600_000, synchronous: true, by: "ops"),
        .recover(reason: "lost", by: "ops"),
      ])
  }

  @Test(arguments: [
    (Route.setGrants, ["", "{}", "{\"wait_milliseconds\":-1}", "{\"wait_milliseconds\":3600001}"]),
    (.setGrants, ["{\"synchronous_failover\":\"yes\"}", "{\"synchronous_failover\":null}"]),
    (
      .reserveCounter, ["", "{}", "{\"numbers\":-1}", "{\"numbers\":100000}", "{\"numbers\":null}"]
    ),
    (.freezeCounter, ["{\"reason\":\"x\"}", "{\"reason\":\"x\",\"frozen\":1}"]),
    (.drainNode, ["{\"reason\":\"x\"}", "[]", "x"]),
    (.removeQuota, ["{\"per_minute\":1}"]),
  ])
  func bodiesAreRefused(route: Route, bodies: [String]) async throws {
    for body in bodies {
      let answer = try await send(route, body)
      #expect(answer.status == .badRequest, "\(body)")
      #expect(answer.problemCode() == "invalid-request", "\(body)")
    }
    #expect(world.operating.calls.isEmpty)
  }

  @Test(arguments: Route.operating)
  func aChangeThatFails(route: Route) async throws {
    for (code, problem, retry) in [
      (CoordinatorError.Code.unavailable, "coordinator-unavailable", "1"),
      (.notDone, "coordinator-unavailable", "1"), (.rejected, "coordinator-unavailable", "30"),
      (.outcomeUnknown, "outcome-unknown", "1"),
    ] {
      world.operating.fail(code)
      let answer = try await send(route)
      #expect(answer.status == .serviceUnavailable)
      #expect(answer.problemCode() == problem)
      #expect(answer.headers[.retryAfter] == retry)
      #expect(!answer.text.contains("secret host name"))
    }
    let levels = world.lines.all.filter { $0.message == "changing the cluster failed" }
      .map(\.level)
    #expect(levels == [.warning, .warning, .error, .warning])
  }

  @Test(.timeLimit(.minutes(1))) func aChangeThatIsLateMayBeDone() async throws {
    let world = world.limited { $0.operateMilliseconds = 20 }
    world.operating.hang()
    let answer = try await send(.post, "/api/nodes/eu-1/drain", to: world)
    #expect(answer.status == .serviceUnavailable)
    #expect(answer.problemCode() == "outcome-unknown")
  }

  /// A path of a literal route with a verb behind it is one of a serial.
  @Test func literalsDoNotHideSerials() async throws {
    let answer = try await send(.post, "/api/serials/targets/void", "{\"reason\":\"x\"}")
    #expect(answer.problemCode() == "invalid-serial")
  }
}
