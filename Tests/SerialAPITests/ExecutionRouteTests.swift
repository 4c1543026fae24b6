import HTTPTypes
import HummingbirdTesting
import Records
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// Showing executions and branches, their children, and looking many up.
@Suite struct ExecutionRouteTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    try world.fill()
    token = try await world.token(.readRecords)
  }

  func get(_ path: String) async throws -> Answer {
    try await world.routed { client in
      try await client.send(.get, "/api/executions/" + path, token: token)
    }
  }

  func lookUp(_ body: String) async throws -> Answer {
    try await world.routed { client in
      try await client.send(.post, "/api/executions/bulk", token: token, body: body)
    }
  }

  static let executionText = """
    {"branch_count":2,"completed_at":null,"created_at":"2026-05-29T12:00:00.250Z",\
    "execution_number":3,"execution_serial":"J202600001.0003",\
    "execution_uuid":"abcdef01-2222-4333-8444-555555555555","id":33,"job_id":7,\
    "job_name":"System Update","job_serial":"J202600001","scheduled_at":null,\
    "started_at":"2026-05-29T12:00:00.250Z","status":"running"}
    """

  @Test func anExecutionHasItsJobAndItsBranches() async throws {
    let answer = try await get("serial/J202600001.0003")
    #expect(answer.status == .ok)
    #expect(
      answer.json?.names == [
        "branch_count", "branches", "completed_at", "created_at", "execution_number",
        "execution_serial", "execution_uuid", "id", "job", "job_id", "job_name", "job_serial",
        "next", "scheduled_at", "started_at", "status",
      ])
    #expect(answer["job"]?["job_serial"] == .string("J202600001"))
    #expect(answer["branches"]?[1]?["branch_serial"] == .string("J202600001.0003.0015"))
    #expect(answer["next"] == .null)
    let serial = try ExecutionSerial(parsing: "J202600001.0003")
    #expect(world.records.questions == [.branches(serial, ChildQuery(limit: 1000))])
    world.records.put { $0.next = RecordCursor(order: "number", key: nil, id: 99) }
    let page = try await get("serial/J202600001.0003?limit=9999&after=13")
    #expect(page["next"] == .string("15"))
    #expect(world.records.questions.last == .branches(serial, ChildQuery(after: 13, limit: 9999)))
  }

  @Test func aBranchHasItsTargetAndItsJob() async throws {
    let answer = try await get("branch/J202600001.0003.0015")
    #expect(answer.status == .ok)
    #expect(
      answer.text == """
        {"branch_id":"015","branch_serial":"J202600001.0003.0015",\
        "branch_uuid":"abcdef01-2222-4333-8444-555555555555",\
        "completed_at":"2026-05-29T12:00:02.250Z","created_at":"2026-05-29T12:00:00.250Z",\
        "execution_serial":"J202600001.0003","exit_code":1,"id":99,\
        "job":{"id":7,"job_serial":"J202600001","name":"System Update"},"job_execution_id":33,\
        "outputs_cut":false,"outputs_purged_at":null,"result_error":null,"result_error_bytes":0,\
        "result_output":"out","result_output_bytes":3,"scheduled_at":null,\
        "started_at":"2026-05-29T12:00:00.250Z","status":"failed",\
        "target":{"id":45,"name":"Production server","target_serial":"T202600045"},"target_id":45,\
        "target_serial_ref":"T202600045"}
        """)
  }

  @Test func cutOutputsAndTargetsWithoutASerial() async throws {
    let branch = try Sample.branch(isCut: true, hasTarget: false)
    world.records.put { $0.branches = [branch] }
    let answer = try await get("branch/J202600001.0003.0015")
    #expect(answer["outputs_cut"] == .bool(true))
    #expect(answer["result_output_bytes"] == .number("5000"))
    #expect(answer["target"] == .null && answer["target_serial_ref"] == .null)
    #expect(answer["target_id"] == .number("45"))
  }

  @Test(
    arguments: [
      ("serial/J202600001.0009", "not-found", "Execution not found: J202600001.0009"),
      ("serial/J202600001.9", "invalid-serial", "Invalid execution serial format: J202600001.9"),
      ("serial/J202600001", "invalid-serial", "Invalid execution serial format: J202600001"),
      (
        "serial/J202600001.0003.0015", "invalid-serial",
        "Invalid execution serial format: J202600001.0003.0015"
      ),
      ("branch/J202600001.0003.0016", "not-found", "Branch not found: J202600001.0003.0016"),
      ("branch/J202600001.0003", "invalid-serial", "Invalid branch serial format: J202600001.0003"),
      ("branch/x%20y", "invalid-serial", "Invalid branch serial format: x y"),
      ("J202600009/children", "not-found", "Job not found: J202600009"),
      ("J202600001.0009/children", "not-found", "Execution not found: J202600001.0009"),
      ("J202600001.9/children", "invalid-serial", "Invalid execution serial format: J202600001.9"),
      ("x/children", "invalid-serial", "Invalid execution serial format: x"),
      ("J2026/children", "invalid-serial", "Invalid job serial format: J2026"),
      ("T202600045/children", "invalid-serial", "Invalid execution serial format: T202600045"),
      (
        "J202600001.0003.0015/children", "invalid-serial",
        "Invalid execution serial format: J202600001.0003.0015"
      ),
    ])
  func whatIsNotThere(path: String, code: String, detail: String) async throws {
    let answer = try await get(path)
    #expect(answer.status.code == (code == "not-found" ? 404 : 400))
    #expect(answer.problemCode() == code)
    #expect(answer.detail == detail)
  }

  @Test func oldIdentifiersOfExecutionsAndBranches() async throws {
    let (execution, branch) = (
      try Serial(parsing: "J202600001.0003"), try Serial(parsing: "J202600001.0003.0015")
    )
    world.records.put { $0.aliases = ["EXEC-7": execution, "EXEC-7-015": branch] }
    #expect(try await get("serial/EXEC-7")["execution_serial"] == .string("J202600001.0003"))
    #expect(try await get("branch/EXEC-7-015")["branch_serial"] == .string("J202600001.0003.0015"))
    #expect(try await get("EXEC-7/children")["serial"] == .string("J202600001.0003"))
    #expect(
      try await get("branch/EXEC-7").detail == "Invalid branch serial format: EXEC-7",
      "an old identifier of another kind")
  }

  @Test func textsThatNoIdentifierCanBeAreNotLookedUp() async throws {
    for text in [String(repeating: "x", count: 101), "a%00b", "a%0Ab"] {
      #expect(try await get("serial/\(text)").problemCode() == "invalid-serial")
    }
    #expect(!world.records.questions.contains { if case .alias = $0 { true } else { false } })
    #expect(try await get("serial/\(String(repeating: "x", count: 100))").status == .badRequest)
    #expect(world.records.questions == [.alias(String(repeating: "x", count: 100))])
  }

  @Test func childrenOfAnExecutionAndOfAJob() async throws {
    let branches = try await get("J202600001.0003/children?limit=5&after=13")
    #expect(branches.status == .ok)
    #expect(branches.json?.names == ["children", "kind", "next", "serial"])
    #expect(branches["kind"] == .string("execution"))
    #expect(branches["children"]?[0]?["branch_serial"] == .string("J202600001.0003.0014"))
    let serial = try ExecutionSerial(parsing: "J202600001.0003")
    #expect(world.records.questions == [.branches(serial, ChildQuery(after: 13, limit: 5))])
    let executions = try await get("J202600001/children")
    #expect(executions["kind"] == .string("job"))
    #expect(executions["serial"] == .string("J202600001"))
    #expect(executions["children"]?[0]?["execution_serial"] == .string("J202600001.0003"))
    #expect(
      world.records.questions.last == .executions(serial.job, ChildQuery(limit: 100)))
    for query in ["limit=0", "limit=10000", "after=0", "after=10000", "order=asc"] {
      #expect(try await get("J202600001/children?" + query).problemCode() == "invalid-request")
    }
  }

  @Test func manyAreLookedUpInTheOrderAsked() async throws {
    let serial = try Serial(parsing: "J202600001")
    world.records.put { $0.aliases["JOB-2025-000001"] = serial }
    let body = """
      {"serials":["J202600001.0003.0015","J202600001.0009","T202600045","JOB-2025-000001",\
      "J202600001.0003","J202600001.0003.0015","J202600001"]}
      """
    let answer = try await lookUp(body)
    #expect(answer.status == .ok, "\(answer.text)")
    #expect(answer.json?.names == ["not_found", "results"])
    #expect(answer["not_found"] == .array([.string("J202600001.0009")]))
    for (index, key) in [
      "branch_serial", nil, "target_serial", "job_serial", "execution_serial", "branch_serial",
      "job_serial",
    ].enumerated() {
      let result = try #require(answer["results"]?[index])
      #expect(result.names == ["data", "found", "serial"])
      #expect(result["found"] == .bool(key != nil))
      guard let key else {
        #expect(result["data"] == .null)
        #expect(result["serial"] == .string("J202600001.0009"))
        continue
      }
      let expected: JSONValue? = index == 3 ? .string("J202600001") : result["serial"]
      #expect(result["data"]?[key] == expected, "\(index)")
    }
    #expect(answer["results"]?[3]?["serial"] == .string("JOB-2025-000001"))
    #expect(answer["results"]?[7] == nil)
    #expect(
      world.records.questions == [.aliases(["J202600001.0009", "JOB-2025-000001"])],
      "asked once for all of them")
  }

  @Test func byQueryToo() async throws {
    let answer = try await get("bulk?serials=J202600001.0003,J202600001.0009")
    #expect(
      answer.text == """
        {"not_found":["J202600001.0009"],"results":[{"data":\(Self.executionText),"found":true,\
        "serial":"J202600001.0003"},{"data":null,"found":false,"serial":"J202600001.0009"}]}
        """)
    #expect(try await get("bulk?serials=J202600001.0003%2CJ202600001.0009").text == answer.text)
    #expect(
      try await get("bulk").detail
        == "The query parameter \"serials\" is missing: expected 1 to 1000 serials with commas "
        + "between.")
    for (query, detail) in [
      ("serials=", "Invalid serial format: "), ("serials=J202600001,", "Invalid serial format: "),
      ("serials=J202600001,J2026", "Invalid job serial format: J2026"),
      ("serials=J202600001.1", "Invalid execution serial format: J202600001.1"),
    ] {
      let answer = try await get("bulk?" + query)
      #expect(answer.problemCode() == "invalid-serial", "\(query)")
      #expect(answer.detail == detail)
    }
  }

  @Test(
    arguments: [
      ("{}", "\"serials\" must be a list of 1 to 1000 serials.", "invalid-request"),
      ("{\"serials\":[]}", "\"serials\" must be a list of 1 to 1000 serials.", "invalid-request"),
      ("{\"serials\":[5]}", "\"serials[0]\" must be a text.", "invalid-request"),
      ("{\"serials\":\"J202600001\"}", "\"serials\" must be a list of", "invalid-request"),
      (
        "{\"serials\":[\"J202600001\",\"J2026.0001\"]}",
        "Invalid execution serial format: J2026.0001",
        "invalid-serial"
      ),
    ])
  func badLists(body: String, detail: String, code: String) async throws {
    let answer = try await lookUp(body)
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == code)
    #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
  }

  @Test func aThousandAndNoMore() async throws {
    func body(_ count: Int) -> String {
      let serials = Array(repeating: "\"J202600001.0003\"", count: count)
      return "{\"serials\":[\(serials.joined(separator: ","))]}"
    }
    let answer = try await lookUp(body(1000))
    #expect(answer["results"]?[999]?["found"] == .bool(true))
    #expect(world.records.readings == 1, "each serial is asked for once")
    #expect(try await lookUp(body(1001)).problemCode() == "invalid-request")
    let query = Array(repeating: "J202600001.0003", count: 1001).joined(separator: ",")
    #expect(
      try await get("bulk?serials=" + query).detail?.hasSuffix(
        "expected 1 to 1000 serials with commas between.") == true)
  }
}
