import Allocator
import HTTPTypes
import HummingbirdTesting
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

@Suite struct SerialTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    token = try await world.token(.readRecords)
  }

  func show(_ path: String) async throws -> Answer {
    try await world.routed { client in
      try await client.send(.get, "/api/serials/\(path)", token: token)
    }
  }

  @Test func showsAnIssuedNumber() async throws {
    world.cluster.setEntry(
      NumberEntry(
        state: .issued, node: "us-1", subject: "billing", requestID: FakeCluster.request,
        issuedAt: FakeCluster.noon))
    let answer = try await show("T202600042")
    #expect(answer.status == .ok)
    #expect(
      answer.text == """
        {"components":{"sequence":42,"year":2026},"issued_at":"2026-05-29T12:00:00.250Z",\
        "kind":"target","node":"us-1","parent":null,"record":null,\
        "request_id":"77777777-2222-3333-4444-555555555555","serial":"T202600042",\
        "state":"issued","subject":"billing"}
        """)
  }

  @Test(arguments: NumberEntry.State.allCases)
  func showsEveryState(state: NumberEntry.State) async throws {
    world.cluster.setEntry(NumberEntry(state: state))
    let answer = try await show("J202600001")
    #expect(answer.status == .ok)
    #expect(answer["state"] == .string(state.rawValue))
    for key in ["parent", "issued_at", "node", "subject", "request_id", "record"] {
      #expect(answer[key] == .null, "\(key)")
    }
  }

  @Test func executionsAndBranchesThatAreNotThere() async throws {
    let execution = try await show("J202600001.0003")
    #expect(execution.status == .notFound)
    #expect(execution.problemCode() == "not-found")
    #expect(execution.detail == "Execution not found: J202600001.0003")
    #expect(
      try await show("J202600001.0003.0015").detail == "Branch not found: J202600001.0003.0015")
  }

  @Test func recordsAreShownWithTheirSerials() async throws {
    try world.fill()
    world.cluster.setEntry(NumberEntry(state: .issued, node: "us-1"))
    for (serial, key) in [
      ("J202600001", "job_serial"), ("T202600045", "target_serial"),
      ("J202600001.0003", "execution_serial"), ("J202600001.0003.0015", "branch_serial"),
    ] {
      let answer = try await show(serial)
      #expect(answer.status == .ok, "\(answer.text)")
      #expect(answer["serial"] == .string(serial))
      #expect(answer["state"] == .string("issued"))
      #expect(answer["record"]?[key] == .string(serial))
    }
    let branch = try await show("J202600001.0003.0015")
    #expect(branch["kind"] == .string("branch"))
    #expect(branch["parent"] == .string("J202600001.0003"))
    #expect(branch["issued_at"] == .string("2026-05-29T12:00:00.250Z"))
    #expect(branch["node"] == .null && branch["request_id"] == .null)
    #expect(
      branch["components"]
        == .object([
          .init(name: "branch", value: .number("15")),
          .init(name: "execution", value: .number("3")),
          .init(name: "sequence", value: .number("1")), .init(name: "year", value: .number("2026")),
        ]))
  }

  @Test func oldIdentifiersAreLookedUpBeforeTheyAreMalformed() async throws {
    try world.fill()
    let serial = try Serial(parsing: "J202600001")
    world.records.put { $0.aliases["JOB-2025-000001"] = serial }
    let answer = try await show("JOB-2025-000001")
    #expect(answer.status == .ok)
    #expect(answer["serial"] == .string("J202600001"))
    #expect(answer["record"]?["id"] == .number("7"))
    #expect(
      try await show("JOB-2025-000002").detail == "Invalid job serial format: JOB-2025-000002")
    let long = String(repeating: "9", count: 101)
    #expect(try await show(long).problemCode() == "invalid-serial")
    #expect(!world.records.questions.contains(.aliases([long])))
    world.records.fail(.unavailable)
    #expect(try await show("JOB-2025-000003").problemCode() == "coordinator-unavailable")
  }

  @Test(
    arguments: [
      ("J20260001", "Invalid job serial format: J20260001", "job"),
      ("J202600000", "Invalid job serial format: J202600000", "job"),
      ("j202600001", "Invalid job serial format: j202600001", "job"),
      ("J199900001", "Invalid job serial format: J199900001", "job"),
      ("JOB-2025-000001", "Invalid job serial format: JOB-2025-000001", "job"),
      ("TGT-2025-000001", "Invalid target serial format: TGT-2025-000001", "target"),
      ("T2026000011", "Invalid target serial format: T2026000011", "target"),
      ("J202600001.1", "Invalid execution serial format: J202600001.1", "execution"),
      ("J202600001.0000", "Invalid execution serial format: J202600001.0000", "execution"),
      ("T202600001.0001", "Invalid execution serial format: T202600001.0001", "execution"),
      (".", "Invalid execution serial format: .", "execution"),
      ("J202600001.0001.0000", "Invalid branch serial format: J202600001.0001.0000", "branch"),
      ("J202600001.0001.0001.0001", "Invalid serial format: J202600001.0001.0001.0001", nil),
      ("X202600001", "Invalid serial format: X202600001", nil),
      ("2026", "Invalid serial format: 2026", nil),
      ("%20", "Invalid serial format:  ", nil),
      ("%4A20260000X", "Invalid job serial format: J20260000X", "job"),
      ("J%D9%A1", "Invalid job serial format: J\u{661}", "job"),
      ("J2026%2F0001", "Invalid job serial format: J2026/0001", "job"),
      ("J20260000%00", "Invalid job serial format: J20260000\u{0}", "job"),
      ("%FF", "Invalid serial format: %FF", nil),
      ("%ZZ", "Invalid serial format: %ZZ", nil),
      ("J2026<b>", "Invalid job serial format: J2026<b>", "job"),
    ] as [(String, String, String?)])
  func malformedSerials(path: String, detail: String, kind: String?) async throws {
    let answer = try await show(path)
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == "invalid-serial")
    #expect(answer.detail == detail)
    #expect(answer["kind"] == kind.map { .string($0) })
  }

  @Test func sayWhyBesideTheFormThatClientsKnow() async throws {
    let answer = try await show("J20260000X")
    #expect(
      answer["reason"]
        == .string(
          "invalid job serial \"J20260000X\": sequence at byte 9: "
            + "expected an ASCII digit, found \"X\""))
  }

  @Test func aLongTextIsCut() async throws {
    let answer = try await show("J" + String(repeating: "9", count: 3_000))
    #expect(answer.problemCode() == "invalid-serial")
    #expect(answer.text.utf8.count < 800)
  }

  @Test func percentEncodingIsRead() async throws {
    let answer = try await show("%4a20260000%31")
    #expect(answer.status == .ok)
    #expect(answer["serial"] == .string("J202600001"))
  }

  @Test(arguments: ["?x=1", "?serial=J202600001", "?x"])
  func queriesAreRefused(query: String) async throws {
    let answer = try await show("J202600001" + query)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail == "This request takes no query parameters.")
  }
}

@Suite struct ValidateTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    token = try await world.token()
  }

  func validate(_ body: String) async throws -> Answer {
    try await world.routed { client in
      try await client.send(.post, "/api/serials/validate", token: token, body: body)
    }
  }

  @Test func saysWhatIsValid() async throws {
    let answer = try await validate(
      "{\"serials\":[\"J202600001\",\"T202600001\",\"J202600001.0001\",\"J202600001.0001.0001\",\"x\",\"\"]}"
    )
    #expect(answer.status == .ok)
    #expect(
      answer.text == """
        {"results":[\
        {"kind":"job","reason":null,"serial":"J202600001","valid":true},\
        {"kind":"target","reason":null,"serial":"T202600001","valid":true},\
        {"kind":"execution","reason":null,"serial":"J202600001.0001","valid":true},\
        {"kind":"branch","reason":null,"serial":"J202600001.0001.0001","valid":true},\
        {"kind":null,"reason":"invalid serial \\"x\\": expected 10, 15 or 20 bytes, found 1",\
        "serial":"x","valid":false},\
        {"kind":null,"reason":"invalid serial \\"\\": expected 10, 15 or 20 bytes, found 0",\
        "serial":"","valid":false}]}
        """)
    #expect(try await validate("{\"serials\":[]}").text == "{\"results\":[]}")
  }

  @Test(arguments: [
    "", "{}", "{\"serials\":null}", "{\"serials\":\"J202600001\"}", "{\"serials\":[1]}",
    "{\"serials\":[null]}", "{\"serials\":[\"a\",[]]}", "{\"serials\":[],\"x\":1}",
  ])
  func refusesOtherBodies(body: String) async throws {
    #expect(try await validate(body).problemCode() == "invalid-request")
  }

  @Test func isBounded() async throws {
    func list(_ text: String, _ count: Int) -> String {
      let entries = Array(repeating: "\"\(text)\"", count: count).joined(separator: ",")
      return "{\"serials\":[\(entries)]}"
    }
    #expect(try await validate(list("x", 1000)).status == .ok)
    #expect(try await validate(list("x", 1001)).problemCode() == "invalid-request")
    let long = String(repeating: "x", count: 100)
    #expect(try await validate(list(long, 2)).status == .ok)
    let answer = try await validate(list(long + "x", 2))
    #expect(answer.detail == "\"serials\"[0] must be a string of at most 100 characters.")
  }
}
