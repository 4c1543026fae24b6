import Allocator
import HTTPTypes
import HummingbirdTesting
import Records
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// Searching, and how executions went.
@Suite struct SearchRouteTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    try world.fill()
    token = try await world.token(.readRecords)
  }

  func get(_ path: String) async throws -> Answer {
    try await world.routed { client in
      try await client.send(.get, "/api/" + path, token: token)
    }
  }

  static func hits() throws -> [SearchHit] {
    try ["J202600001", "J202600001.0003", "J202600001.0003.0015", "T202600045"].map { text in
      let serial = try Serial(parsing: text)
      let hasTarget = serial.kind == .target || serial.kind == .branch
      return SearchHit(
        serial: serial, jobName: serial.kind == .target ? nil : "System Update",
        targetName: hasTarget ? "Production server" : nil,
        targetSerial: hasTarget ? try TargetSerial(parsing: "T202600045") : nil,
        status: "running", createdAt: Sample.noon)
    }
  }

  @Test func executionsAndBranchesAreFound() async throws {
    let hits = try Self.hits()
    world.records.put { registry in
      registry.hits = [hits[1], hits[2]]
      registry.next = RecordCursor(order: "serials", key: "J202600001", id: 0)
    }
    let answer = try await get("executions/search?q=J202600001&type=all&limit=10")
    #expect(answer.status == .ok)
    let next = RecordCursor(order: "serials", key: "J202600001", id: 0).text
    #expect(
      answer.text == """
        {"next":"\(next)","results":[{"branch_serial":null,\
        "created_at":"2026-05-29T12:00:00.250Z","execution_serial":"J202600001.0003",\
        "job_name":"System Update","job_serial":"J202600001","status":"running",\
        "target_name":null,"target_serial_ref":null,"type":"execution"},\
        {"branch_serial":"J202600001.0003.0015","created_at":"2026-05-29T12:00:00.250Z",\
        "execution_serial":"J202600001.0003","job_name":"System Update","job_serial":"J202600001",\
        "status":"running","target_name":"Production server","target_serial_ref":"T202600045",\
        "type":"branch"}]}
        """)
    #expect(
      world.records.questions == [
        .search(SearchQuery(text: "J202600001", kinds: [.execution, .branch], limit: 10))
      ])
    for (type, kinds) in [
      ("execution", [SerialKind.execution]), ("branch", [.branch]),
    ] {
      _ = try await get("executions/search?q=J20&type=\(type)&after=\(next)")
      #expect(
        world.records.questions.last
          == .search(
            SearchQuery(
              text: "J20", kinds: Set(kinds), limit: 50,
              after: RecordCursor(order: "serials", key: "J202600001", id: 0))))
    }
  }

  @Test func recordsOfEveryKindAreFound() async throws {
    let hits = try Self.hits()
    world.records.put { $0.hits = hits }
    let answer = try await get("search?q=J202600001")
    #expect(answer.status == .ok)
    #expect(answer.json?.names == ["next", "query", "results", "type"])
    #expect(answer["query"] == .string("J202600001") && answer["type"] == .string("all"))
    #expect(answer["next"] == .null)
    for (index, kind) in ["job", "execution", "branch", "target"].enumerated() {
      let result = try #require(answer["results"]?[index])
      #expect(
        result.names == [
          "created_at", "job_name", "job_serial", "serial", "status", "target_name",
          "target_serial", "type",
        ])
      #expect(result["type"] == .string(kind))
      #expect(result["serial"] == .string(hits[index].serial.description))
      #expect(result["job_serial"] == (kind == "target" ? .null : .string("J202600001")))
    }
    #expect(
      world.records.questions == [
        .search(
          SearchQuery(text: "J202600001", kinds: [.job, .execution, .branch, .target], limit: 50))
      ])
    for kind in SerialKind.allCases {
      let answer = try await get("search?q=x&type=\(kind.rawValue)")
      #expect(answer["type"] == .string(kind.rawValue))
      #expect(world.records.questions.last == .search(SearchQuery(text: "x", kinds: [kind])))
    }
  }

  @Test(
    arguments: [
      ("", "The query parameter \"q\" is missing: expected a text of 1 to 255 characters."),
      ("?q=", "\"q\" is \"\": expected 1 to 255 characters without control characters."),
      ("?q=%00", "\"q\" is \"\u{0}\": expected 1 to 255 characters"),
      ("?q=\(String(repeating: "x", count: 256))", "\"q\" is \"xxx"),
      ("?q=x&limit=1001", "\"limit\" is \"1001\""), ("?q=x&type=user", "\"type\" is \"user\""),
      ("?q=x&after=4", "\"after\" is \"4\""), ("?q=x&offset=1", "Unknown query parameter"),
    ])
  func badSearches(query: String, detail: String) async throws {
    for path in ["search", "executions/search"] {
      let answer = try await get(path + query)
      #expect(answer.problemCode() == "invalid-request")
      #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
    }
    #expect(world.records.readings == 0)
  }

  @Test func aCursorIsForItsOwnSearch() async throws {
    let names = RecordCursor(order: "names", key: "J202600001", id: 0).text
    #expect(try await get("search?q=update&after=\(names)").status == .ok)
    for (text, cursor) in [
      ("J2026", names), ("update", RecordCursor(order: "serials", key: "J202600001", id: 0).text),
      ("update", RecordCursor(order: "names", key: "x", id: 0).text),
      ("update", RecordCursor(order: "name-ascending", key: "x", id: 0).text),
    ] {
      let answer = try await get("search?q=\(text)&after=\(cursor)")
      #expect(answer.problemCode() == "invalid-request")
      #expect(answer["field"] == .string("after"))
    }
  }

  @Test func eachSearchHasItsTypes() async throws {
    #expect(
      try await get("executions/search?q=x&type=job").detail
        == "\"type\" is \"job\": expected one of \"execution\", \"branch\", \"all\".")
    #expect(
      try await get("search?q=x&type=x").detail
        == "\"type\" is \"x\": expected one of \"job\", \"execution\", \"branch\", \"target\", "
        + "\"all\".")
  }

  @Test func analyticsOfExecutions() async throws {
    world.records.put {
      $0.analytics = ExecutionAnalytics(
        totals: Sample.totals, series: [.init(start: Sample.noon, totals: .none)])
    }
    let answer = try await get("analytics/executions")
    #expect(answer.status == .ok)
    #expect(
      answer.text == """
        {"average_duration":12.346,"cancelled_executions":1,"failed_executions":3,\
        "group_by":"day","period":"7d","series":[{"average_duration":null,\
        "cancelled_executions":0,"failed_executions":0,"start":"2026-05-29T12:00:00.250Z",\
        "success_rate":null,"successful_executions":0,"total_executions":0,\
        "unfinished_executions":0}],"success_rate":66.667,"successful_executions":6,\
        "total_executions":10,"unfinished_executions":0}
        """)
    for period in Period.allCases {
      for step in GroupStep.allCases {
        let answer = try await get(
          "analytics/executions?period=\(period.rawValue)&group_by=\(step.rawValue)")
        #expect(answer["period"] == .string(period.rawValue))
        #expect(answer["group_by"] == .string(step.rawValue))
        #expect(world.records.questions.last == .analytics(period, step))
      }
    }
    #expect(
      try await get("analytics/executions?period=1y").detail
        == "\"period\" is \"1y\": expected one of \"24h\", \"7d\", \"30d\", \"90d\".")
    #expect(
      try await get("analytics/executions?group_by=year").problemCode() == "invalid-request")
  }

  @Test func metricsOfAJob() async throws {
    let job = JobReference(
      id: 7, serial: try JobSerial(parsing: "J202600001"), name: "System Update")
    let target = try TargetSerial(parsing: "T202600045")
    world.records.put {
      $0.metrics = JobMetrics(
        job: job, executions: Sample.totals,
        targets: [
          .init(serial: target, name: "Production server", totals: Sample.totals),
          .init(serial: nil, name: nil, totals: .none),
        ])
    }
    let answer = try await get("analytics/jobs/J202600001/metrics")
    #expect(answer.status == .ok)
    #expect(answer["period"] == .string("30d"))
    #expect(answer["job_serial"] == .string("J202600001"))
    #expect(answer["job_name"] == .string("System Update"))
    #expect(answer["total_executions"] == .number("10"))
    #expect(answer["targets"]?[0]?["target_serial"] == .string("T202600045"))
    #expect(answer["targets"]?[0]?["failed_executions"] == .number("3"))
    #expect(answer["targets"]?[1]?["target_serial"] == .null)
    #expect(answer["targets"]?[1]?["target_name"] == .null)
    #expect(world.records.questions == [.metrics(job.serial, .month)])
    #expect(
      try await get("analytics/jobs/J202600009/metrics").detail == "Job not found: J202600009")
    #expect(
      try await get("analytics/jobs/7/metrics").detail == "Invalid job serial format: 7")
    #expect(
      try await get("analytics/jobs/J202600001/metrics?days=3").problemCode() == "invalid-request")
  }

  @Test func jobsAreCompared() async throws {
    let job = JobReference(
      id: 7, serial: try JobSerial(parsing: "J202600001"), name: "System Update")
    let other = try Serial(parsing: "J202600008")
    world.records.put { registry in
      registry.comparisons = [JobComparison(job: job, executions: Sample.totals, results: .none)]
      registry.aliases["JOB-2025-000008"] = other
    }
    let answer = try await get(
      "analytics/compare?jobs=J202600009,J202600001,JOB-2025-000008&period=90d")
    #expect(answer.status == .ok)
    #expect(answer.json?.names == ["jobs", "not_found", "period"])
    #expect(answer["period"] == .string("90d"))
    #expect(answer["jobs"]?[0]?["job_serial"] == .string("J202600001"))
    #expect(answer["jobs"]?[0]?["executions"]?["total_executions"] == .number("10"))
    #expect(answer["jobs"]?[0]?["results"]?["total_executions"] == .number("0"))
    #expect(answer["not_found"] == .array([.string("J202600009"), .string("JOB-2025-000008")]))
    #expect(
      world.records.questions.last
        == .compare(
          [
            try JobSerial(parsing: "J202600009"), job.serial, try JobSerial(parsing: "J202600008"),
          ], .quarter))
    for (query, detail) in [
      (
        "",
        "The query parameter \"jobs\" is missing: expected 1 to 100 serials with commas between."
      ),
      ("?jobs=J2026", "Invalid job serial format: J2026"),
      ("?jobs=T202600045", "Invalid job serial format: T202600045"),
      ("?jobs=\(Array(repeating: "J202600001", count: 101).joined(separator: ","))", "\"jobs\" is"),
    ] {
      let answer = try await get("analytics/compare" + query)
      #expect(answer.status == .badRequest)
      #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
    }
  }
}

/// What a registry that cannot be read means to every route that reads it.
@Suite struct UnreadRegistryTests {
  static let routes: [Route] = Route.allCases.filter {
    $0.access == .scope(.readRecords) && $0 != .showSerial
  }

  @Test(arguments: [CoordinatorError.Code.unavailable, .notDone, .outcomeUnknown, .rejected])
  func isAnAnswerToAskAgain(code: CoordinatorError.Code) async throws {
    let world = try await AccessTests.filled()
    let token = try await world.token(.readRecords)
    world.records.fail(code)
    for route in Self.routes + [.showSerial] {
      let answer = try await world.routed { client in
        try await client.send(
          route.method, route.samplePath, token: token, body: route.sampleBody)
      }
      #expect(answer.status == .serviceUnavailable, "\(route)")
      #expect(answer.problemCode() == "coordinator-unavailable")
      #expect(answer.headers[.retryAfter] == (code == .rejected ? "30" : "1"))
      #expect(!answer.text.contains("secret"), "\(route)")
    }
    #expect(Self.routes.count == 17)
  }

  @Test func isNotWaitedForLongerThanItMayTake() async throws {
    let world = try await AccessTests.filled().limited { limits in
      limits.readMilliseconds = 20
      limits.scanMilliseconds = 20
    }
    let token = try await world.token(.readRecords)
    world.records.hang()
    for route in Self.routes {
      let answer = try await world.routed { client in
        try await client.send(
          route.method, route.samplePath, token: token, body: route.sampleBody)
      }
      #expect(answer.problemCode() == "coordinator-unavailable", "\(route)")
    }
  }
}
