import Allocator
import Foundation
import HTTPTypes
import HummingbirdTesting
import Records
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// `POST /api/jobs/{job}/execute`.
@Suite struct ExecuteTests {
  let world: World
  let token: String

  init() async throws {
    world = try await World()
    try world.fill()
    token = try await world.token(.writeRecords, subject: "nightly")
  }

  func execute(
    _ body: String, job: String = "J202600001", key: String? = nil
  ) async throws -> Answer {
    var headers = HTTPFields()
    if let name = RequestedKey.name { headers[name] = key }
    let sent = headers
    return try await world.routed { client in
      try await client.send(
        .post, "/api/jobs/\(job)/execute", token: token, body: body, headers: sent)
    }
  }

  var draft: ExecutionDraft? {
    guard case .create(let draft) = world.writing.calls.last else { return nil }
    return draft
  }

  @Test func anExecutionIsCreatedWithItsBranches() async throws {
    let answer = try await execute(
      """
      {"target_serials":["T202600045","T202600044","T202600045"],\
      "scheduled_at":"2026-07-01T00:00:00Z"}
      """)
    #expect(answer.status == .created)
    #expect(answer.headers[.location] == "/api/executions/serial/J202600001.0003")
    #expect(answer["execution_serial"] == .string("J202600001.0003"))
    #expect(answer["execution_number"] == .number("3"))
    #expect(
      answer["job"]
        == .object([
          .init(name: "id", value: .number("7")),
          .init(name: "job_serial", value: .string("J202600001")),
          .init(name: "name", value: .string("System Update")),
        ]))
    #expect(answer["branches"]?[0]?["branch_serial"] == .string("J202600001.0003.0014"))
    #expect(answer["branches"]?[1]?["branch_serial"] == .string("J202600001.0003.0015"))
    #expect(answer["next"] == .null)
    let targets = try ["T202600045", "T202600044", "T202600045"].map(TargetSerial.init(parsing:))
    #expect(
      draft
        == ExecutionDraft(
          job: .serial(try JobSerial(parsing: "J202600001")), targets: .serials(targets),
          scheduledAt: Date(timeIntervalSince1970: 1_782_864_000), subject: "nightly", key: nil))
    let serial = try ExecutionSerial(parsing: "J202600001.0003")
    #expect(world.records.questions == [.branches(serial, ChildQuery(limit: 1000))])
  }

  @Test func jobAndTargetsByIdAndByOldIdentifiers() async throws {
    #expect(try await execute("{\"target_ids\":[45,1,45]}", job: "7").status == .created)
    #expect(draft?.job == .id(7))
    #expect(draft?.targets == .ids([45, 1, 45]))
    let (job, target) = (try Serial(parsing: "J202600001"), try Serial(parsing: "T202600045"))
    world.records.put { $0.aliases = ["JOB-2025-000001": job, "TGT-2025-000045": target] }
    let answer = try await execute(
      "{\"target_serials\":[\"TGT-2025-000045\",\"T202600001\"],\"target_ids\":null}",
      job: "JOB-2025-000001")
    #expect(answer.status == .created)
    #expect(draft?.job == .serial(try JobSerial(parsing: "J202600001")))
    #expect(
      draft?.targets
        == .serials([
          try TargetSerial(parsing: "T202600045"), try TargetSerial(parsing: "T202600001"),
        ])
    )
  }

  @Test(
    arguments: [
      ("{}", "invalid-request", "Expected \"target_serials\" or \"target_ids\"."),
      ("{\"target_serials\":null}", "invalid-request", "Expected \"target_serials\" or"),
      (
        "{\"target_serials\":[\"T202600001\"],\"target_ids\":[1]}", "invalid-request",
        "Expected \"target_serials\" or \"target_ids\", and not both."
      ),
      (
        "{\"target_serials\":[]}", "invalid-request",
        "\"target_serials\" must be a list of serials, at least one."
      ),
      ("{\"target_ids\":[]}", "invalid-request", "\"target_ids\" must be a list of ids, at least"),
      ("{\"target_serials\":[5]}", "invalid-request", "\"target_serials[0]\" must be a text."),
      (
        "{\"target_ids\":[1,0]}", "invalid-request",
        "\"target_ids[1]\" must be a whole number from 1 to 2147483647."
      ),
      ("{\"target_ids\":[\"1\"]}", "invalid-request", "\"target_ids[0]\" must be a whole number"),
      (
        "{\"target_serials\":[\"T202600001\",\"T2026\"]}", "invalid-serial",
        "Invalid target serial format: T2026"
      ),
      (
        "{\"target_serials\":[\"J202600001\"]}", "invalid-serial",
        "Invalid target serial format: J202600001"
      ),
      ("{\"target_ids\":[1],\"scheduled_at\":5}", "invalid-request", "\"scheduled_at\" must be an"),
      ("{\"target_ids\":[1],\"targets\":[]}", "invalid-request", "Unknown field \"targets\""),
    ])
  func badBodies(body: String, code: String, detail: String) async throws {
    let answer = try await execute(body)
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == code)
    #expect(answer.detail?.hasPrefix(detail) == true, "\(answer.text)")
    #expect(world.writing.calls.isEmpty)
  }

  @Test func aJobThatIsNone() async throws {
    let answer = try await execute("{\"target_ids\":[1]}", job: "J2026")
    #expect(answer.problemCode() == "invalid-serial")
    #expect(answer.detail == "Invalid job serial format: J2026")
    #expect(world.writing.calls.isEmpty)
  }

  @Test func whatTheRegistryRefuses() async throws {
    let job = try JobSerial(parsing: "J202600001")
    let execution = try ExecutionSerial(parsing: "J202600001.0004")
    let outcomes: [(CreateOutcome, Int, String, String)] = [
      (.unknownJob, 404, "not-found", "Job not found: J202600001"),
      (.unknownTarget("T202600099"), 404, "not-found", "Target not found: T202600099"),
      (
        .jobIsFull(job), 409, "capacity-exhausted",
        "J202600001 has all the 9999 executions that a job can have."
      ),
      (
        .executionIsFull(execution), 409, "capacity-exhausted",
        "An execution has 9999 targets at most; nothing was created."
      ),
      (
        .keyReused, 422, "idempotency-key-reused",
        "The idempotency key was used for another request."
      ),
    ]
    for (outcome, status, code, detail) in outcomes {
      world.writing.answer(outcome)
      let answer = try await execute("{\"target_ids\":[1]}")
      #expect(answer.status.code == status)
      #expect(answer.problemCode() == code)
      #expect(answer.detail == detail)
      guard status == 409 else { continue }
      #expect(answer["capacity"] == .number("9999"))
      let isJob = outcome == .jobIsFull(job)
      #expect(answer["kind"] == .string(isJob ? "execution" : "branch"))
      #expect(answer["parent"] == .string(isJob ? "J202600001" : "J202600001.0004"))
    }
  }

  @Test func howManyTargetsThereMayBeIsForTheRegistryToSay() async throws {
    let serials = (1...10_000).map { _ in "\"T202600001\"" }.joined(separator: ",")
    _ = try await execute("{\"target_serials\":[\(serials)]}")
    #expect(draft?.targets.count == 10_000)
  }

  @Test func aKeyGoesWithADigestOfEverything() async throws {
    var hashes: [String?] = []
    for (body, job) in [
      ("{\"target_ids\":[1,2]}", "7"), ("{\"target_ids\":[2,1]}", "7"),
      ("{\"target_ids\":[1,2]}", "8"), ("{\"target_serials\":[\"T202600001\"]}", "7"),
      ("{\"target_ids\":[1,2],\"scheduled_at\":\"2026-07-01T00:00:00Z\"}", "7"),
    ] {
      _ = try await execute(body, job: job, key: "nightly-1")
      #expect(draft?.key?.key == "nightly-1")
      #expect(draft?.key?.route == "POST /api/jobs/{job}/execute")
      hashes.append(draft?.key?.requestHash)
    }
    #expect(Set(hashes).count == 5 && !hashes.contains(nil))
    _ = try await execute("{ \"target_ids\" : [1.0, 2e0] }", job: "7", key: "nightly-1")
    #expect(draft?.key?.requestHash == hashes[0])
    #expect(hashes.allSatisfy { ($0?.utf8.count ?? 0) <= 200 })
  }

  @Test func aReplaySaysSo() async throws {
    world.writing.answer(
      .created(try ExecutionSerial(parsing: "J202600001.0003"), isReplay: true))
    let answer = try await execute("{\"target_ids\":[1]}", key: "k")
    #expect(answer.status == .created)
    #expect(answer.headers[try #require(RequestedKey.replayName)] == "true")
  }

  @Test(
    arguments: [
      (.outcomeUnknown, nil, "outcome-unknown", "Look before asking again"),
      (.outcomeUnknown, "k", "outcome-unknown", "Ask again with the same idempotency key."),
      (.unavailable, nil, "coordinator-unavailable", "did not do it"),
      (.notDone, "k", "coordinator-unavailable", "did not do it"),
      (.rejected, nil, "coordinator-unavailable", "refused it"),
    ] as [(CoordinatorError.Code, String?, String, String)])
  func failuresOfTheCoordinator(
    error: CoordinatorError.Code, key: String?, code: String, detail: String
  ) async throws {
    world.writing.fail(error)
    let answer = try await execute("{\"target_ids\":[1]}", key: key)
    #expect(answer.status == .serviceUnavailable)
    #expect(answer.problemCode() == code)
    #expect(answer.detail?.contains(detail) == true, "\(answer.text)")
    #expect(answer.headers[.retryAfter] != nil)
    #expect(!answer.text.contains("secret"))
  }

  @Test func noAnswerInTimeIsAnUnknownOutcome() async throws {
    let world = world.limited { $0.operateMilliseconds = 20 }
    world.writing.hang()
    let token = token
    let answer = try await world.routed { client in
      try await client.send(
        .post, "/api/jobs/7/execute", token: token, body: "{\"target_ids\":[1]}")
    }
    #expect(answer.problemCode() == "outcome-unknown")
  }

  @Test func whatWasCreatedAndNotReadIsNamed() async throws {
    world.records.put { $0.executions = [] }
    let answer = try await execute("{\"target_ids\":[1]}")
    #expect(answer.problemCode() == "outcome-unknown")
    #expect(answer["serials"] == .array([.string("J202600001.0003")]))
    #expect(answer["kind"] == .string("execution"))
  }
}
