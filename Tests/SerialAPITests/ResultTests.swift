import Allocator
import Foundation
import HTTPTypes
import HummingbirdTesting
import Records
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// Reporting results, and purging their outputs.
@Suite struct ResultTests {
  static let branchPath = "/api/executions/branch/J202600001.0003.0015"
  static let executionPath = "/api/executions/J202600001.0003"

  let world: World
  let token: String

  init() async throws {
    world = try await World()
    try world.fill()
    token = try await world.token(.writeRecords)
  }

  func patch(_ path: String, _ body: String) async throws -> Answer {
    try await world.routed { client in
      try await client.send(.patch, path, token: token, body: body)
    }
  }

  @Test func aResultIsReported() async throws {
    let answer = try await patch(
      Self.branchPath,
      """
      {"status":"failed","started_at":"2026-05-29T12:00:00Z","completed_at":"2026-05-29T12:00:02Z",\
      "result_output":"two\\nlines","result_error":"","exit_code":-1}
      """)
    #expect(answer.status == .ok)
    #expect(answer["branch_serial"] == .string("J202600001.0003.0015"))
    #expect(answer["status"] == .string("failed"))
    #expect(answer["job"] == nil)
    let start = Date(timeIntervalSince1970: 1_780_056_000)
    #expect(
      world.writing.calls == [
        .branch(
          try BranchSerial(parsing: "J202600001.0003.0015"),
          BranchChange(
            status: .failed, startedAt: start, completedAt: start.addingTimeInterval(2),
            output: "two\nlines", error: "", exitCode: -1))
      ])
  }

  @Test func anExecutionIsChanged() async throws {
    let answer = try await patch(Self.executionPath, "{\"status\":\"cancelled\"}")
    #expect(answer.status == .ok)
    #expect(answer.text == ExecutionRouteTests.executionText)
    #expect(
      world.writing.calls == [
        .execution(
          try ExecutionSerial(parsing: "J202600001.0003"),
          ExecutionChange(status: .cancelled, startedAt: nil, completedAt: nil))
      ])
  }

  @Test(
    arguments: [
      ("{}", "Expected at least one of \"status\", \"started_at\", \"completed_at\"", nil),
      ("", "Expected at least one of \"status\"", nil),
      (
        "{\"status\":null}", "\"status\" must not be null; leave it out to leave it as it is.",
        "status"
      ),
      (
        "{\"status\":\"done\"}",
        "\"status\" must be one of \"scheduled\", \"running\", \"completed\", \"failed\", "
          + "\"cancelled\".", "status"
      ),
      ("{\"status\":5}", "\"status\" must be one of", "status"),
      (
        "{\"completed_at\":\"2026-02-30T00:00:00Z\"}", "\"completed_at\" must be an", "completed_at"
      ),
      ("{\"completed_at\":null}", "\"completed_at\" must not be null", "completed_at"),
      ("{\"state\":\"failed\"}", "Unknown field \"state\"; this request takes \"status\"", "state"),
      ("[]", "The body must be a JSON object.", nil),
    ] as [(String, String, String?)])
  func badChanges(body: String, detail: String, field: String?) async throws {
    for path in [Self.branchPath, Self.executionPath] {
      let answer = try await patch(path, body)
      #expect(answer.status == .badRequest)
      #expect(answer.problemCode() == "invalid-request")
      #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
      #expect(answer["field"] == field.map { .string($0) })
    }
    #expect(world.writing.calls.isEmpty)
  }

  @Test(
    arguments: [
      ("\"exit_code\":2147483648", "from -2147483648 to 2147483647."),
      ("\"exit_code\":1.5", "from -2147483648 to 2147483647."),
      ("\"exit_code\":null", "\"exit_code\" must not be null"),
      ("\"result_output\":5", "\"result_output\" must be a text."),
      ("\"result_output\":null", "\"result_output\" must not be null"),
      (
        "\"result_error\":\"a\\u0000b\"",
        "\"result_error\" holds the character NUL (\\u0000), which the database cannot keep."
      ),
    ])
  func badResults(field: String, detail: String) async throws {
    let answer = try await patch(Self.branchPath, "{\(field)}")
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail?.contains(detail) == true, "\(answer.text)")
    #expect(world.writing.calls.isEmpty)
  }

  @Test func onlyBranchesHaveOutputs() async throws {
    let answer = try await patch(Self.executionPath, "{\"exit_code\":0}")
    #expect(answer.detail?.hasPrefix("Unknown field \"exit_code\"") == true)
  }

  @Test func outputsOfTheLimitAreTaken() async throws {
    let limit = BranchChangeRequest.outputBytes
    #expect(limit == 8 * 1024 * 1024)
    let text = String(repeating: "\u{E4}", count: limit / 2)
    let both = "{\"result_output\":\"\(text)\",\"result_error\":\"\(text)\"}"
    #expect(try await patch(Self.branchPath, both).status == .ok)
    guard case .branch(_, let change) = world.writing.calls.last else { throw Problem.noToken }
    #expect(change.output?.utf8.count == limit && change.error?.utf8.count == limit)
    let answer = try await patch(Self.branchPath, "{\"result_error\":\"\(text)x\"}")
    #expect(answer.status == .badRequest)
    #expect(
      answer.detail == "\"result_error\" has 8388609 bytes of UTF-8: at most 8388608 are kept.")
    #expect(world.writing.calls.count == 1)
  }

  @Test func theBodyOfAResultIsBounded() async throws {
    #expect(world.limits.outputBodyBytes == 36 * 1024 * 1024)
    let world = world.limited { $0.outputBodyBytes = 100 }
    let token = token
    let start = "{\"status\":\"failed\""
    let full = start + String(repeating: " ", count: 100 - start.utf8.count - 1) + "}"
    try await world.routed { client in
      let taken = try await client.send(.patch, Self.branchPath, token: token, body: full)
      #expect(taken.status == .ok)
      let more = try await client.send(.patch, Self.branchPath, token: token, body: full + " ")
      #expect(more.status == .contentTooLarge)
      #expect(more.detail == "The body is longer than 100 bytes.")
    }
    let long = start + String(repeating: " ", count: 70_000) + "}"
    #expect(try await patch(Self.executionPath, long).status == .contentTooLarge)
  }

  @Test func whatTheRegistryRefuses() async throws {
    let outcomes: [(ChangeOutcome, Int, String, String)] = [
      (.unknown, 404, "not-found", "Branch not found: J202600001.0003.0015"),
      (
        .immutable(.completed), 409, "immutable-record",
        "J202600001.0003.0015 is completed: a finished record never changes."
      ),
      (
        .invalidTransition(from: .running, to: .scheduled), 409, "invalid-transition",
        "J202600001.0003.0015 is running and cannot become scheduled."
      ),
      (
        .unfinishedBranches(3), 409, "invalid-transition",
        "J202600001.0003.0015 cannot be finished: 3 of its branches are not. "
          + "\"cancelled\" cancels them."
      ),
      (
        .invalidTimes("It ends before it starts."), 400, "invalid-request",
        "It ends before it starts."
      ),
    ]
    for (outcome, status, code, detail) in outcomes {
      world.writing.answer(outcome)
      let answer = try await patch(Self.branchPath, "{\"status\":\"completed\"}")
      #expect(answer.status.code == status)
      #expect(answer.problemCode() == code)
      #expect(answer.detail == detail)
      #expect((answer["kind"] == .string("branch")) == (code != "invalid-request"))
    }
    world.writing.answer(.unknown)
    let answer = try await patch(Self.executionPath, "{\"status\":\"completed\"}")
    #expect(answer.detail == "Execution not found: J202600001.0003")
  }

  @Test func namesThatAreNone() async throws {
    for (path, detail) in [
      ("/api/executions/branch/J202600001.0003", "Invalid branch serial format: J202600001.0003"),
      ("/api/executions/J2026", "Invalid execution serial format: J2026"),
      (
        "/api/executions/J202600001.0003.0015",
        "Invalid execution serial format: J202600001.0003.0015"
      ),
    ] {
      let answer = try await patch(path, "{\"status\":\"completed\"}")
      #expect(answer.problemCode() == "invalid-serial")
      #expect(answer.detail == detail)
    }
    #expect(world.writing.calls.isEmpty)
    let serial = try Serial(parsing: "J202600001.0003.0015")
    world.records.put { $0.aliases["OLD-15"] = serial }
    let answer = try await patch("/api/executions/branch/OLD-15", "{\"status\":\"completed\"}")
    #expect(answer["branch_serial"] == .string("J202600001.0003.0015"))
  }

  @Test(
    arguments: [
      (.outcomeUnknown, "outcome-unknown", "Asking again is harmless."),
      (.unavailable, "coordinator-unavailable", "did not do it"),
      (.notDone, "coordinator-unavailable", "did not do it"),
      (.rejected, "coordinator-unavailable", "refused it"),
    ] as [(CoordinatorError.Code, String, String)])
  func failuresOfTheCoordinator(
    error: CoordinatorError.Code, code: String, detail: String
  ) async throws {
    world.writing.fail(error)
    let token = try await world.token(.writeRecords, .administerCluster)
    for (method, path) in [
      (HTTPRequest.Method.patch, Self.branchPath), (.patch, Self.executionPath),
      (.post, "/api/outputs/purge"),
    ] {
      let body =
        method == .post ? "{\"before\":\"2026-01-01T00:00:00Z\"}" : "{\"status\":\"failed\"}"
      let answer = try await world.routed { client in
        try await client.send(method, path, token: token, body: body)
      }
      #expect(answer.status == .serviceUnavailable)
      #expect(answer.problemCode() == code)
      #expect(answer.detail?.contains(detail) == true)
      #expect(!answer.text.contains("secret"))
    }
  }

  @Test func whatWasChangedAndNotReadSaysSo() async throws {
    world.records.fail(.unavailable)
    for path in [Self.branchPath, Self.executionPath] {
      let answer = try await patch(path, "{\"status\":\"failed\"}")
      #expect(answer.status == .serviceUnavailable)
      #expect(answer.problemCode() == "outcome-unknown")
      #expect(answer.detail?.hasPrefix("The change was made") == true)
    }
    #expect(world.writing.calls.count == 2)
  }

  @Test func outputsArePurged() async throws {
    let token = try await world.token(.administerCluster, subject: "keeper")
    func purge(_ body: String) async throws -> Answer {
      try await world.routed { client in
        try await client.send(.post, "/api/outputs/purge", token: token, body: body)
      }
    }
    let answer = try await purge("{\"before\":\"2026-01-01T00:00:00Z\",\"limit\":10000}")
    #expect(answer.status == .ok)
    #expect(answer.text == "{\"purged\":17}")
    #expect(try await purge("{\"before\":\"2026-01-01T00:00:00Z\"}").status == .ok)
    let before = Date(timeIntervalSince1970: 1_767_225_600)
    #expect(
      world.writing.calls == [
        .purge(before, limit: 10_000, by: "keeper"), .purge(before, limit: 1000, by: "keeper"),
      ])
    for (body, detail) in [
      ("{}", "\"before\" must be an instant"), ("{\"before\":null}", "\"before\" must be an"),
      ("{\"before\":\"2026-01-01\"}", "\"before\" must be an instant"),
      (
        "{\"before\":\"2026-01-01T00:00:00Z\",\"limit\":10001}",
        "\"limit\" must be a whole number from 1 to 10000."
      ),
    ] {
      let answer = try await purge(body)
      #expect(answer.problemCode() == "invalid-request")
      #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
    }
  }
}
