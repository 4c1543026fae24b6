import Allocator
import HTTPTypes
import HummingbirdTesting
import Records
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// Creating, listing and showing targets, and how they did.
@Suite struct TargetRouteTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    try world.fill()
    token = try await world.token(.readRecords, .writeRecords)
  }

  func send(
    _ method: HTTPRequest.Method, _ path: String, body: String? = nil, headers: HTTPFields = [:]
  ) async throws -> Answer {
    try await world.routed { client in
      try await client.send(method, path, token: token, body: body, headers: headers)
    }
  }

  @Test func aTargetIsCreatedWithItsNumber() async throws {
    let answer = try await send(.post, "/api/targets", body: "{\"name\":\"db\"}")
    #expect(answer.status == .created)
    #expect(answer.headers[.location] == "/api/targets/T202600001")
    #expect(
      answer.text == """
        {"created_at":"2026-05-29T12:00:00.250Z","data_center":null,"description":null,\
        "environment":"production","health_status":"healthy","id":1,"is_active":true,\
        "location":null,"name":"Production server","os_type":"linux","region":"eu",\
        "status":"active","target_serial":"T202600001","target_type":"system",\
        "target_uuid":"abcdef01-2222-4333-8444-555555555555","updated_at":"2026-05-29T12:00:00.250Z"}
        """)
    #expect(world.issuing.requests.map(\.kind) == [.target])
    #expect(
      world.issuing.requests.map(\.records) == [["{\"name\":\"db\",\"os_type\":\"unknown\"}"]])
  }

  @Test func everyFieldGoesIntoTheRow() async throws {
    let body = """
      {"data_center":"d","description":"e","environment":"f","health_status":"g","is_active":false,\
      "location":"h","name":"i","os_type":"j","region":"k","status":"l","target_type":"m"}
      """
    #expect(try await send(.post, "/api/targets", body: body).status == .created)
    #expect(world.issuing.requests.map(\.records) == [[body]])
    #expect(TargetRequest.fields.count == 11)
    let nothing = body.replacing(/:("[^i]"|false)/, with: ":null")
    _ = try await send(.post, "/api/targets", body: nothing)
    #expect(
      world.issuing.requests.last?.records == ["{\"name\":\"i\",\"os_type\":\"unknown\"}"])
  }

  @Test(arguments: [
    ("name", 100), ("target_type", 50), ("os_type", 50), ("environment", 50), ("location", 100),
    ("data_center", 100), ("region", 100), ("status", 50), ("health_status", 50),
  ])
  func textsAreAsLongAsTheirColumns(field: String, limit: Int) async throws {
    func body(_ count: Int) -> String {
      let text = String(repeating: "\u{E4}", count: count)
      return field == "name"
        ? "{\"name\":\"\(text)\"}" : "{\"name\":\"x\",\"\(field)\":\"\(text)\"}"
    }
    #expect(try await send(.post, "/api/targets", body: body(limit)).status == .created)
    for bad in [body(limit + 1), body(0)] {
      let answer = try await send(.post, "/api/targets", body: bad)
      #expect(
        answer.detail
          == "\"\(field)\" must be a text of 1 to \(limit) characters without control characters.")
    }
    #expect(world.issuing.requests.count == 1)
  }

  @Test func otherFieldsAreChecked() async throws {
    for (body, detail) in [
      ("{\"name\":\"x\",\"is_active\":1}", "\"is_active\" must be true or false."),
      ("{\"name\":\"x\",\"os\":\"y\"}", "Unknown field \"os\"; this request takes \"name\","),
    ] {
      let answer = try await send(.post, "/api/targets", body: body)
      #expect(answer.problemCode() == "invalid-request")
      #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
    }
    let long = String(repeating: "x", count: 10_001)
    let answer = try await send(
      .post, "/api/targets", body: "{\"name\":\"x\",\"description\":\"\(long)\"}")
    #expect(answer.detail == "\"description\" must be a text of at most 10000 characters.")
  }

  @Test func manyAreCreatedAtOnce() async throws {
    let second = try Sample.target("T202600002", id: 2)
    world.records.put { $0.targets.append(second) }
    let answer = try await send(
      .post, "/api/targets/bulk", body: "{\"targets\":[{\"name\":\"a\"},{\"name\":\"b\"}]}")
    #expect(answer.status == .created)
    #expect(answer["targets"]?[0]?["target_serial"] == .string("T202600001"))
    #expect(answer["targets"]?[1]?["target_serial"] == .string("T202600002"))
    let bad = try await send(.post, "/api/targets/bulk", body: "{\"targets\":[{}]}")
    #expect(bad["field"] == .string("targets[0].name"))
  }

  @Test func targetsAreListed() async throws {
    let answer = try await send(
      .get,
      "/api/targets?os_type=linux&environment=production&region=eu&status=active&is_active=false"
        + "&name=db&sort=target_serial&order=desc&limit=1000")
    #expect(answer.status == .ok)
    #expect(answer["targets"]?[0]?["target_serial"] == .string("T202600045"))
    #expect(answer["next"] == .null)
    #expect(
      world.records.questions == [
        .targets(
          TargetQuery(
            osType: "linux", environment: "production", region: "eu", status: "active",
            isActive: false, name: "db", sort: .targetSerial, isDescending: true, limit: 1000))
      ])
    _ = try await send(.get, "/api/targets")
    #expect(world.records.questions.last == .targets(TargetQuery()))
    for query in ["is_active=1", "sort=id", "os_type=", "limit=0", "after=6", "job_type=script"] {
      #expect(
        try await send(.get, "/api/targets?" + query).problemCode() == "invalid-request", "\(query)"
      )
    }
  }

  @Test(arguments: ["T202600045", "45", "TGT-2025-000045"])
  func aTargetIsShownByEveryNameOfIt(name: String) async throws {
    let serial = try Serial(parsing: "T202600045")
    world.records.put { $0.aliases["TGT-2025-000045"] = serial }
    let answer = try await send(.get, "/api/targets/" + name)
    #expect(answer.status == .ok)
    #expect(answer["target_serial"] == .string("T202600045"))
  }

  @Test(
    arguments: [
      ("T202600099", "not-found", "Target not found: T202600099"),
      ("99", "not-found", "Target not found: 99"),
      ("T2026", "invalid-serial", "Invalid target serial format: T2026"),
      ("J202600001", "invalid-serial", "Invalid target serial format: J202600001"),
    ])
  func targetsThatAreNot(name: String, code: String, detail: String) async throws {
    let answer = try await send(.get, "/api/targets/" + name)
    #expect(answer.problemCode() == code)
    #expect(answer.detail == detail)
  }

  @Test func performanceOfATarget() async throws {
    let answer = try await send(.get, "/api/targets/T202600045/performance")
    #expect(answer.status == .ok)
    #expect(
      answer.json?.names.sorted() == [
        "average_duration", "cancelled_executions", "failed_executions", "period_days",
        "recent_executions", "success_rate", "successful_executions", "target_name",
        "target_serial", "total_executions", "unfinished_executions",
      ])
    #expect(answer["target_serial"] == .string("T202600045"))
    #expect(answer["target_name"] == .string("Production server"))
    #expect(answer["period_days"] == .number("30"))
    #expect(answer["total_executions"] == .number("10"))
    #expect(answer["success_rate"] == .number("66.667"))
    #expect(answer["average_duration"] == .number("12.346"))
    #expect(
      answer["recent_executions"]?[0]?["branch_serial"] == .string("J202600001.0003.0015"))
    let target = try TargetSerial(parsing: "T202600045")
    #expect(world.records.questions == [.performance(target, 30)])
    _ = try await send(.get, "/api/targets/T202600045/performance?days=3650")
    #expect(world.records.questions.last == .performance(target, 3650))
    for days in ["0", "3651", "x", ""] {
      let answer = try await send(.get, "/api/targets/T202600045/performance?days=\(days)")
      #expect(answer.detail == "\"days\" is \"\(days)\": expected a whole number from 1 to 3650.")
    }
  }

  @Test func performanceWithoutResults() async throws {
    let target = TargetReference(
      id: 45, serial: try TargetSerial(parsing: "T202600045"), name: "Production server")
    world.records.put {
      $0.performance = TargetPerformance(target: target, days: 7, totals: .none, recent: [])
    }
    let answer = try await send(.get, "/api/targets/T202600045/performance?days=7")
    #expect(answer["success_rate"] == .null && answer["average_duration"] == .null)
    #expect(answer["recent_executions"] == .array([]))
  }

  @Test func resultsOfATarget() async throws {
    let serial = try Serial(parsing: "T202600045")
    world.records.put { $0.aliases["TGT-2025-000045"] = serial }
    for name in ["T202600045", "TGT-2025-000045"] {
      let answer = try await send(.get, "/api/targets/\(name)/executions?limit=2&offset=55")
      #expect(answer.status == .ok)
      #expect(
        answer.json?.names.sorted() == ["executions", "limit", "offset", "target_serial", "total"])
      #expect(answer["target_serial"] == .string("T202600045"))
      #expect(answer["total"] == .number("57"))
      #expect(answer["limit"] == .number("2") && answer["offset"] == .number("55"))
      #expect(answer["executions"]?[1]?["branch_serial"] == .string("J202600001.0003.0015"))
    }
    let target = try TargetSerial(parsing: "T202600045")
    #expect(world.records.questions.first == .results(target, 2, 55))
    _ = try await send(.get, "/api/targets/T202600045/executions")
    #expect(world.records.questions.last == .results(target, 100, 0))
    for query in ["limit=0", "limit=1001", "offset=-1", "offset=1000001", "after=1"] {
      let answer = try await send(.get, "/api/targets/T202600045/executions?" + query)
      #expect(answer.problemCode() == "invalid-request", "\(query)")
    }
  }

  @Test(arguments: ["performance", "executions"])
  func ofNoTarget(path: String) async throws {
    world.records.put { registry in
      registry.performance = nil
      registry.results = nil
    }
    let unknown = try await send(.get, "/api/targets/T202600099/\(path)")
    #expect(unknown.status == .notFound)
    #expect(unknown.detail == "Target not found: T202600099")
    let malformed = try await send(.get, "/api/targets/T20260009/\(path)")
    #expect(malformed.status == .badRequest)
    #expect(malformed.detail == "Invalid target serial format: T20260009")
  }
}
