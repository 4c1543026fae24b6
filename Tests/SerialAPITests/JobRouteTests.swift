import Allocator
import HTTPTypes
import HummingbirdTesting
import LeaseCore
import Records
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// Creating, listing and showing jobs.
@Suite struct JobRouteTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    try world.fill()
    token = try await world.token(.readRecords, .writeRecords, subject: "billing")
  }

  func send(
    _ method: HTTPRequest.Method, _ path: String, body: String? = nil, token: String? = nil,
    headers: HTTPFields = [:]
  ) async throws -> Answer {
    try await world.routed { client in
      try await client.send(
        method, path, token: token ?? self.token, body: body, headers: headers)
    }
  }

  static let jobText = """
    {"completed_at":null,"created_at":"2026-05-29T12:00:00.250Z","created_by":1,"description":null,\
    "id":7,"job_serial":"J202600001","job_type":"command",\
    "job_uuid":"abcdef01-2222-4333-8444-555555555555","name":"System Update","scheduled_at":null,\
    "started_at":null,"status":"draft","updated_at":"2026-05-29T12:00:00.250Z"}
    """

  @Test func aJobIsCreatedWithItsNumber() async throws {
    let answer = try await send(.post, "/api/jobs", body: "{\"name\":\"System Update\"}")
    #expect(answer.status == .created)
    #expect(answer.text == Self.jobText)
    #expect(answer.headers[.location] == "/api/jobs/J202600001")
    let request = try #require(world.issuing.requests.first)
    #expect(world.issuing.requests.count == 1)
    #expect(request.kind == .job && request.count == 1 && request.subject == "billing")
    #expect(request.year == nil && !request.mayUseReserve && request.key == nil)
    #expect(
      request.records == [
        "{\"job_type\":\"command\",\"name\":\"System Update\",\"status\":\"draft\"}"
      ])
  }

  @Test func everyFieldGoesIntoTheRow() async throws {
    let answer = try await send(
      .post, "/api/jobs",
      body: """
        {"name":"a\\"b/\u{E4}","description":"two\\nlines","job_type":"file_transfer",\
        "status":"scheduled","created_by":12,"scheduled_at":"2026-07-01T10:00:00.5+02:00"}
        """)
    #expect(answer.status == .created)
    #expect(
      world.issuing.requests.map(\.records) == [
        [
          """
          {"created_by":12,"description":"two\\nlines","job_type":"file_transfer",\
          "name":"a\\"b/\u{E4}","scheduled_at":"2026-07-01T08:00:00.500Z","status":"scheduled"}
          """
        ]
      ])
    _ = try await send(
      .post, "/api/jobs",
      body: """
        {"name":"x","description":null,"job_type":null,"status":null,"created_by":null,\
        "scheduled_at":null}
        """)
    #expect(
      world.issuing.requests.last?.records
        == ["{\"job_type\":\"command\",\"name\":\"x\",\"status\":\"draft\"}"])
  }

  @Test(
    arguments: [
      ("{}", "\"name\" must be a text of 1 to 255 characters without control characters.", "name"),
      ("{\"name\":null}", "\"name\" must be a text of 1 to 255", "name"),
      ("{\"name\":\"\"}", "\"name\" must be a text of 1 to 255", "name"),
      ("{\"name\":\"a\\u0000\"}", "without control characters", "name"),
      ("{\"name\":\"a\\n\"}", "without control characters", "name"),
      ("{\"name\":\"x\",\"description\":5}", "\"description\" must be a text", "description"),
      (
        "{\"name\":\"x\",\"description\":\"\\u0000\"}",
        "\"description\" holds the character NUL (\\u0000), which the database cannot keep.",
        "description"
      ),
      (
        "{\"name\":\"x\",\"job_type\":\"dance\"}",
        "\"job_type\" must be one of \"command\", \"script\", \"file_transfer\", \"composite\".",
        "job_type"
      ),
      ("{\"name\":\"x\",\"status\":\"done\"}", "\"status\" must be one of \"draft\",", "status"),
      ("{\"name\":\"x\",\"created_by\":0}", "from 1 to 2147483647.", "created_by"),
      ("{\"name\":\"x\",\"created_by\":\"1\"}", "from 1 to 2147483647.", "created_by"),
      (
        "{\"name\":\"x\",\"scheduled_at\":\"tomorrow\"}",
        "\"scheduled_at\" must be an instant such as 2026-01-31T12:00:00Z.", "scheduled_at"
      ),
      (
        "{\"name\":\"x\",\"job_serial\":\"J202600001\"}", "Unknown field \"job_serial\"",
        "job_serial"
      ),
    ])
  func badJobs(body: String, detail: String, field: String) async throws {
    let answer = try await send(.post, "/api/jobs", body: body)
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail?.contains(detail) == true, "\(answer.text)")
    #expect(answer["field"] == .string(field))
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func namesAreCountedAsTheDatabaseDoes() async throws {
    for (count, status) in [(255, 201), (256, 400)] {
      let world = try await AccessTests.filled()
      let name = String(repeating: "\u{1F600}", count: count)
      let token = token
      let answer = try await world.routed { client in
        try await client.send(.post, "/api/jobs", token: token, body: "{\"name\":\"\(name)\"}")
      }
      #expect(answer.status.code == status)
    }
  }

  @Test func manyAreCreatedAtOnceInOrder() async throws {
    let answer = try await send(
      .post, "/api/jobs/bulk", body: "{\"jobs\":[{\"name\":\"first\"},{\"name\":\"second\"}]}")
    #expect(answer.status == .created)
    #expect(answer["jobs"]?[0]?["job_serial"] == .string("J202600001"))
    #expect(answer["jobs"]?[1]?["job_serial"] == .string("J202600002"))
    #expect(answer["jobs"]?[2] == nil)
    let request = try #require(world.issuing.requests.first)
    #expect(request.count == 2)
    #expect(request.records.map { $0.contains("first") } == [true, false])
  }

  @Test(arguments: [
    ("{}", "\"jobs\" must be a list of 1 to 1000 objects."),
    ("{\"jobs\":[]}", "\"jobs\" must be a list of 1 to 1000 objects."),
    ("{\"jobs\":[{\"name\":\"x\"},5]}", "\"jobs[1]\" must be an object."),
    ("{\"jobs\":[{\"name\":\"x\"},{}]}", "\"jobs[1].name\" must be a text"),
    ("{\"jobs\":[{\"nam\":\"x\"}]}", "Unknown field \"jobs[0].nam\"; this request takes \"name\""),
    ("{\"jobs\":[{\"name\":\"x\"}],\"count\":1}", "Unknown field \"count\""),
  ])
  func badLists(body: String, detail: String) async throws {
    let answer = try await send(.post, "/api/jobs/bulk", body: body)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func aThousandAndNoMore() async throws {
    func body(_ count: Int) -> String {
      let jobs = (1...count).map { "{\"name\":\"\($0)\"}" }.joined(separator: ",")
      return "{\"jobs\":[\(jobs)]}"
    }
    let more = try await send(.post, "/api/jobs/bulk", body: body(1001))
    #expect(more.detail == "\"jobs\" must be a list of 1 to 1000 objects.")
    var jobs: [JobRecord] = []
    for number in 1...1000 {
      let serial = try JobSerial(year: 2026, number: number)
      jobs.append(try Sample.job(serial.description))
    }
    let all = jobs
    world.records.put { $0.jobs = all }
    let answer = try await send(.post, "/api/jobs/bulk", body: body(1000))
    #expect(answer.status == .created)
    #expect(answer["jobs"]?[999]?["job_serial"] == .string("J202601000"))
  }

  @Test func aListMayBeLongerThanOtherBodies() async throws {
    let limit = world.limits.listBodyBytes
    #expect(limit == 2 * 1024 * 1024)
    let start = "{\"jobs\":[{\"name\":\"x\"}]"
    let full = start + String(repeating: " ", count: limit - start.utf8.count - 1) + "}"
    #expect(try await send(.post, "/api/jobs/bulk", body: full).status == .created)
    let answer = try await send(.post, "/api/jobs/bulk", body: full + " ")
    #expect(answer.status == .contentTooLarge)
    #expect(answer.detail == "The body is longer than 2097152 bytes.")
    let single = try await send(.post, "/api/jobs", body: full)
    #expect(single.detail == "The body is longer than 65536 bytes.")
  }

  @Test func administratorsGetTheReserve() async throws {
    let token = try await world.token(.writeRecords, .administerCluster)
    _ = try await send(.post, "/api/jobs", body: "{\"name\":\"x\"}", token: token)
    #expect(world.issuing.requests.map(\.mayUseReserve) == [true])
  }

  @Test func aKeyCoversTheWholeBody() async throws {
    let name = try #require(HTTPField.Name("Idempotency-Key"))
    var hashes: [[String?]] = []
    for bodies in [
      ["{\"name\":\"x\"}", "{ \"job_type\":\"command\", \"name\" : \"\\u0078\" }"],
      ["{\"name\":\"y\"}"], ["{\"name\":\"x\",\"created_by\":1}"],
      [
        "{\"name\":\"x\",\"scheduled_at\":\"2026-01-01T00:00:00Z\"}",
        "{\"name\":\"x\",\"scheduled_at\":\"2026-01-01T01:00:00+01:00\"}",
      ],
    ] {
      for body in bodies {
        _ = try await send(.post, "/api/jobs", body: body, headers: [name: "k"])
      }
      hashes.append(world.issuing.requests.suffix(bodies.count).map(\.key?.requestHash))
    }
    for group in hashes { #expect(Set(group).count == 1 && group[0] != nil) }
    #expect(Set(hashes.map { $0[0] }).count == hashes.count)
    #expect(hashes.joined().allSatisfy { ($0?.utf8.count ?? 0) <= 200 })
    #expect(world.issuing.requests.first?.key?.route == "POST /api/jobs")
  }

  @Test func aReplaySaysSo() async throws {
    world.issuing.replay()
    let answer = try await send(.post, "/api/jobs", body: "{\"name\":\"x\"}")
    #expect(answer.status == .created)
    #expect(answer.headers[try #require(RequestedKey.replayName)] == "true")
  }

  @Test func aRefusedRecordIsARequestThatIsWrong() async throws {
    world.issuing.behaviour = .fail(
      AllocationError(.recordRefused, detail: "There is no user 12."))
    let answer = try await send(.post, "/api/jobs", body: "{\"name\":\"x\",\"created_by\":12}")
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail == "There is no user 12.")
  }

  @Test(arguments: [CoordinatorError.Code.unavailable, .outcomeUnknown, .rejected])
  func whatWasCreatedAndNotReadIsNamed(code: CoordinatorError.Code) async throws {
    world.records.fail(code)
    let answer = try await send(
      .post, "/api/jobs/bulk", body: "{\"jobs\":[{\"name\":\"a\"},{\"name\":\"b\"}]}")
    #expect(answer.status == .serviceUnavailable)
    #expect(answer.problemCode() == "outcome-unknown")
    #expect(
      answer.detail?.hasPrefix("Created, but not read back: J202600001...J202600002.") == true)
    #expect(answer["serials"] == .array([.string("J202600001"), .string("J202600002")]))
    #expect(answer.headers[.retryAfter] == "1")
    #expect(!answer.text.contains("secret"))
  }

  @Test func whatWasCreatedAndIsNotThereIsNamedToo() async throws {
    world.records.put { $0.jobs = [] }
    let answer = try await send(.post, "/api/jobs", body: "{\"name\":\"a\"}")
    #expect(answer.problemCode() == "outcome-unknown")
    #expect(answer["serials"] == .array([.string("J202600001")]))
    #expect(world.lines.all.contains { $0.message == "what was created is not there" })
  }

  @Test func jobsAreListed() async throws {
    world.records.put { $0.next = RecordCursor(order: "name-ascending", key: "b c", id: 8) }
    let answer = try await send(
      .get,
      "/api/jobs?status=failed&job_type=script&name=up%20date&sort=name&order=asc&limit=2"
        + "&after=6e616d652d617363656e64696e672035203d61")
    #expect(answer.status == .ok, "\(answer.text)")
    #expect(answer["jobs"]?[1]?["job_serial"] == .string("J202600002"))
    guard case .string(let next) = answer["next"] else { throw Problem.noToken }
    #expect(RecordCursor(parsing: next) == RecordCursor(order: "name-ascending", key: "b c", id: 8))
    #expect(
      world.records.questions == [
        .jobs(
          JobQuery(
            status: .failed, jobType: .script, name: "up date", sort: .name, isDescending: false,
            after: RecordCursor(order: "name-ascending", key: "a", id: 5), limit: 2))
      ])
    world.records.put { $0.next = nil }
    let plain = try await send(.get, "/api/jobs")
    #expect(plain["next"] == .null)
    #expect(world.records.questions.last == .jobs(JobQuery()))
  }

  @Test(arguments: [
    ("status=done", "\"status\" is \"done\": expected one of \"draft\", \"scheduled\","),
    ("job_type=x", "\"job_type\" is \"x\": expected one of \"command\","),
    ("name=", "\"name\" is \"\": expected 1 to 255 characters without control characters."),
    ("name=%00", "\"name\" is \"\u{0}\": expected 1 to 255 characters without control characters."),
    ("sort=id", "\"sort\" is \"id\": expected one of \"created_at\", \"job_serial\", \"name\"."),
    ("order=down", "\"order\" is \"down\": expected asc or desc."),
    ("limit=0", "\"limit\" is \"0\": expected a whole number from 1 to 1000."),
    ("limit=1001", "\"limit\" is \"1001\": expected a whole number from 1 to 1000."),
    ("after=zz", "\"after\" is \"zz\": expected the \"next\" of a page before."),
    ("region=eu", "Unknown query parameter \"region\""),
    ("limit=1&limit=2", "The query parameter \"limit\" comes twice."),
  ])
  func badQueries(query: String, detail: String) async throws {
    let answer = try await send(.get, "/api/jobs?" + query)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
    #expect(world.records.readings == 0)
  }

  @Test func aCursorIsForItsOwnOrder() async throws {
    let cursor = RecordCursor(order: "name-ascending", key: "a", id: 5).text
    let taken = try await send(.get, "/api/jobs?sort=name&order=asc&after=" + cursor)
    #expect(taken.status == .ok)
    for list in [
      "jobs?sort=name&order=desc", "jobs?sort=job_serial&order=asc", "jobs?order=asc",
      "targets?sort=name&order=desc", "targets?order=asc",
    ] {
      let answer = try await send(.get, "/api/\(list)&after=" + cursor)
      #expect(answer.status == .badRequest)
      #expect(
        answer.detail == "\"after\" is not the \"next\" of a page of this list in this order.")
      #expect(answer["field"] == .string("after"))
    }
  }

  @Test(arguments: ["J202600001", "7", "%4A202600001", "JOB-2025-000001"])
  func aJobIsShownByEveryNameOfIt(name: String) async throws {
    let serial = try Serial(parsing: "J202600001")
    world.records.put { $0.aliases["JOB-2025-000001"] = serial }
    let answer = try await send(.get, "/api/jobs/" + name)
    #expect(answer.status == .ok)
    #expect(answer.text == Self.jobText)
  }

  @Test(
    arguments: [
      ("J202600009", 404, "Job not found: J202600009"), ("9", 404, "Job not found: 9"),
      ("J20260001", 400, "Invalid job serial format: J20260001"),
      ("T202600001", 400, "Invalid job serial format: T202600001"),
      ("J202600001.0001", 400, "Invalid job serial format: J202600001.0001"),
      ("0", 400, "Invalid job serial format: 0"),
      ("2147483648", 400, "Invalid job serial format: 2147483648"),
      ("%FF", 400, "Invalid job serial format: %FF"),
      ("TGT-2025-000001", 400, "Invalid job serial format: TGT-2025-000001"),
      ("JOB-2025-000009", 404, "Job not found: JOB-2025-000009"),
    ] as [(String, Int, String)])
  func jobsThatAreNot(name: String, status: Int, detail: String) async throws {
    let target = try Serial(parsing: "T202600001")
    let gone = try Serial(parsing: "J202600009")
    world.records.put { $0.aliases = ["TGT-2025-000001": target, "JOB-2025-000009": gone] }
    for path in ["", "/executions"] {
      let answer = try await send(.get, "/api/jobs/" + name + path)
      #expect(answer.status.code == status)
      #expect(answer.problemCode() == (status == 404 ? "not-found" : "invalid-serial"))
      #expect(answer.detail == detail)
      #expect(answer["kind"] == .string("job"))
    }
  }

  @Test func aSerialThatNothingCarriesMayBeAnOldOne() async throws {
    let serial = try Serial(parsing: "J202600001")
    world.records.put { $0.aliases["J202600500"] = serial }
    let answer = try await send(.get, "/api/jobs/J202600500")
    #expect(answer["job_serial"] == .string("J202600001"))
  }

  @Test func executionsOfAJobAreListed() async throws {
    world.records.put { $0.next = RecordCursor(order: "number", key: nil, id: 33) }
    let answer = try await send(
      .get, "/api/jobs/7/executions?status=running&order=asc&limit=1&after=2")
    #expect(answer.status == .ok)
    #expect(answer["job_serial"] == .string("J202600001"))
    #expect(answer["executions"]?[0]?["execution_serial"] == .string("J202600001.0003"))
    #expect(answer["next"] == .string("3"))
    let job = try JobSerial(parsing: "J202600001")
    #expect(
      world.records.questions == [
        .executions(job, ChildQuery(status: .running, isDescending: false, after: 2, limit: 1))
      ])
    world.records.put { $0.next = nil }
    #expect(try await send(.get, "/api/jobs/7/executions")["next"] == .null)
    #expect(
      world.records.questions.last == .executions(job, ChildQuery(isDescending: true, limit: 100)))
    for query in ["after=0", "after=10000", "status=draft", "order=up", "limit=1001"] {
      let answer = try await send(.get, "/api/jobs/7/executions?" + query)
      #expect(answer.problemCode() == "invalid-request", "\(query)")
    }
  }
}
