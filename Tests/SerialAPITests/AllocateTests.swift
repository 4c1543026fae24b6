import Allocator
import HTTPTypes
import HummingbirdTesting
import LeaseCore
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

@Suite struct AllocateTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    token = try await world.token(.allocateSerials, subject: "billing")
  }

  func send(
    _ body: String?, path: String = "/api/serials/jobs", headers: HTTPFields = [:]
  ) async throws -> Answer {
    try await world.routed { client in
      try await client.send(.post, path, token: token, body: body, headers: headers)
    }
  }

  @Test func answersWithExactlyThreeKeys() async throws {
    let answer = try await send("{\"count\":2}")
    #expect(answer.status == .created)
    #expect(answer.headers[.contentType] == "application/json; charset=utf-8")
    #expect(
      answer.text == "{\"node\":\"eu-1\",\"serials\":[\"J202600001\",\"J202600002\"],\"year\":2026}"
    )
    let target = try await send("{}", path: "/api/serials/targets")
    #expect(target["serials"] == .array([.string("T202600003")]))
  }

  @Test func namesTheRequestInHeaderAndIssueLog() async throws {
    let name = try #require(HTTPField.Name("X-Request-Id"))
    let answer = try await send("{}", headers: [name: "chosen-by-the-client"])
    let request = try #require(world.issuing.requests.first)
    #expect(answer.headers[name] == request.id.description)
    #expect(request.subject == "billing")
    let other = try await send("{}")
    #expect(other.headers[name] != answer.headers[name])
  }

  @Test(
    arguments: [
      (nil, 1), ("", 1), ("{}", 1), (" {\n}\t", 1), ("{\"count\":1}", 1),
      ("{\"count\":1000}", 1000),
      ("{\"c\\u006funt\": 7 }", 7),
      ("{\"count\":2.0}", 2), ("{\"count\":1e2}", 100),
    ] as [(String?, Int)])
  func countsAreTaken(body: String?, count: Int) async throws {
    let answer = try await send(body)
    #expect(answer.status == .created)
    #expect(world.issuing.requests.map(\.count) == [count])
  }

  @Test(arguments: [
    "0", "1001", "-1", "\"x\"", "\"5\"", "1.5", "1e-1", "1e4", "0.0", "1.0000001", "null", "true",
    "[]", "[1]", "{}",
    "-0", "99999999999999999999", "1e999",
  ])
  func countsAreRefused(count: String) async throws {
    let answer = try await send("{\"count\":\(count)}")
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail == "\"count\" must be a whole number from 1 to 1000.")
    #expect(answer["field"] == .string("count"))
    #expect(world.issuing.requests.isEmpty)
  }

  @Test(arguments: [
    ("{\"count\":1,\"count\":2}", "one name twice"), ("{\"count\":1}x", "something follows"),
    ("{} {}", "something follows"), ("{\"count\":", "ends too early"), ("{", "ends too early"),
    ("[]", "must be a JSON object"), ("5", "must be a JSON object"), ("null", "JSON object"),
    ("\"{}\"", "JSON object"), ("count=1", "not JSON"), ("{'count':1}", "not JSON"),
    ("{\"count\":01}", "not JSON"), ("{count:1}", "not JSON"), ("{\"count\":1,}", "not JSON"),
    ("\u{FEFF}{}", "not JSON"), ("{\"count\":NaN}", "not JSON"), (" ", "ends too early"),
    (String(repeating: "[", count: 20_000), "deeper than 16"),
    (String(repeating: "{\"a\":", count: 5_000), "deeper than 16"),
    ("{\"cuont\":1}", "Unknown field \"cuont\"; this request takes \"count\", \"year\"."),
    ("{\"\\ud800\":1}", "not UTF-8"),
  ])
  func bodiesAreRefused(body: String, detail: String) async throws {
    let answer = try await send(body)
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail?.contains(detail) == true, "\(answer.text)")
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func unknownFieldsAreNamed() async throws {
    let answer = try await send("{\"count\":1,\"colour\":\"red\"}")
    #expect(answer["field"] == .string("colour"))
    let long = try await send("{\"\(String(repeating: "x", count: 5_000))\":1}")
    #expect(long.text.utf8.count < 600)
  }

  @Test(arguments: [
    ("text/plain", false), ("application/xml", false), ("application/jsonp", false), ("", false),
    ("application/json", true), ("Application/JSON; charset=utf-8", true),
    ("application/x-www-form-urlencoded", true),
  ])
  func contentTypes(type: String, taken: Bool) async throws {
    let answer = try await send("{\"count\":1}", headers: [.contentType: type])
    #expect(answer.status == (taken ? .created : .unsupportedMediaType))
    if !taken { #expect(answer.problemCode() == "invalid-request") }
  }

  @Test func aBodyOfTheLimitIsReadAndNoMore() async throws {
    let limit = world.limits.bodyBytes
    let full = "{\"count\":1" + String(repeating: " ", count: limit - 11) + "}"
    #expect(full.utf8.count == limit)
    #expect(try await send(full).status == .created)
    let answer = try await send(full + " ")
    #expect(answer.status == .contentTooLarge)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.headers[.connection] == "close")
  }

  @Test(
    arguments: [
      (AllocationError.Code.capacityExhausted, 409, "capacity-exhausted", nil),
      (.frozen, 409, "frozen", nil),
      (.reserveOnly, 409, "reserve-only", nil),
      (.keyReused, 422, "idempotency-key-reused", nil),
      (.quotaExceeded, 429, "quota-exceeded", "7"),
      (.invalidRequest, 400, "invalid-request", nil),
      (.recalling, 503, "recalling", "7"),
      (.coordinatorUnavailable, 503, "coordinator-unavailable", "7"),
      (.outcomeUnknown, 503, "outcome-unknown", "7"),
      (.draining, 503, "draining", "7"),
      (.cancelled, 499, "cancelled", nil),
    ] as [(AllocationError.Code, Int, String, String?)])
  func failuresOfTheAllocator(
    code: AllocationError.Code, status: Int, name: String, retry: String?
  ) async throws {
    world.issuing.behaviour = .fail(
      AllocationError(
        code, detail: "Said by the allocator.", retryAfterSeconds: retry == nil ? nil : 7,
        counter: Counter(kind: .job, year: 2026)))
    let answer = try await send("{}")
    #expect(answer.status.code == status)
    #expect(answer.problemCode() == name)
    #expect(answer.detail == "Said by the allocator.")
    #expect(answer.headers[.retryAfter] == retry)
    #expect(answer["kind"] == .string("job"))
    #expect(answer["year"] == .number("2026"))
    #expect((answer["capacity"] == .number("99999")) == (code == .capacityExhausted))
  }

  @Test func everyFailureThatPassesSaysWhenToComeBack() async throws {
    world.issuing.behaviour = .fail(AllocationError(.coordinatorUnavailable, detail: "Away."))
    #expect(try await send("{}").headers[.retryAfter] == "1")
    world.issuing.behaviour = .fail(
      AllocationError(.recalling, detail: "Soon.", retryAfterSeconds: 0))
    #expect(try await send("{}").headers[.retryAfter] == "1")
    world.issuing.behaviour = .fail(AllocationError(.quotaExceeded, detail: "Later."))
    #expect(try await send("{}").headers[.retryAfter] == "1")
  }

  @Test func aYearThatNoSerialCanHaveIsAnErrorOfOurs() async throws {
    world.issuing.behaviour = .issue
    let counter = Counter(kind: .job, year: 12_026)
    let block = try #require(Block(first: 1, last: 1))
    #expect(throws: SerialError.self) {
      try AllocateResponse(Allocation(counter: counter, blocks: [block], node: "eu-1"))
    }
  }
}
