import Foundation
import SerialFormat
import Testing

@testable import SerialClient

/// Each call: what it asks, and what it makes of the answer.
@Suite(.timeLimit(.minutes(1)))
struct CallsTests {
  private let job: JobSerial
  private let target: TargetSerial
  private let execution: ExecutionSerial
  private let branch: BranchSerial

  init() throws {
    job = try JobSerial(parsing: "J202600001")
    target = try TargetSerial(parsing: "T202600045")
    execution = try ExecutionSerial(parsing: "J202600001.0003")
    branch = try BranchSerial(parsing: "J202600001.0003.0015")
  }

  /// Runs a call against an answer and gives its value and what was asked.
  private func ask<Value: Sendable>(
    _ status: Int, _ answer: String, _ call: (SerialClient) async throws -> Value
  ) async throws -> (Value, ScriptedServer.Request) {
    try await ScriptedServer.run([.answer(status, answer)]) { server, url in
      var value: Value?
      try await TestWorld().client([url], deadline: .seconds(1)) { value = try await call($0) }
      return (try #require(value), try #require(server.requests.first))
    }
  }

  private func line(_ request: ScriptedServer.Request) -> String {
    "\(request.method) \(request.uri)"
  }

  @Test func jobsAndTargetsAreCreated() async throws {
    let (record, first) = try await ask(201, Samples.job) { client in
      try await client.createJob(
        JobDraft(
          name: "System Update", jobType: .script, scheduledAt: Date(timeIntervalSince1970: 0)))
    }
    #expect(line(first) == "POST /api/jobs" && first.key == "made-1")
    #expect(
      first.body
        == #"{"job_type":"script","name":"System Update","scheduled_at":"1970-01-01T00:00:00.000Z"}"#
    )
    #expect(record.serial == job && record.jobType == .script && record.status == .running)
    #expect(record.createdBy == 7 && record.description == nil)
    #expect(record.startedAt.map { $0.timeIntervalSince(record.createdAt) } == 0.75)
    let (jobs, second) = try await ask(201, #"{"jobs":[\#(Samples.job)]}"#) { client in
      try await client.createJobs([JobDraft(name: "a"), JobDraft(name: "b")])
    }
    #expect(jobs == [record] && line(second) == "POST /api/jobs/bulk")
    #expect(second.body == #"{"jobs":[{"name":"a"},{"name":"b"}]}"# && second.key == "made-1")
    let (made, third) = try await ask(201, Samples.target) { client in
      try await client.createTarget(
        TargetDraft(name: "web-1", osType: "linux", dataCenter: "a", isActive: true))
    }
    #expect(made.serial == target && made.region == "eu" && made.isActive == true)
    #expect(
      third.body == #"{"data_center":"a","is_active":true,"name":"web-1","os_type":"linux"}"#)
    let (targets, fourth) = try await ask(201, #"{"targets":[\#(Samples.target)]}"#) { client in
      try await client.createTargets([TargetDraft(name: "a")])
    }
    #expect(targets == [made] && line(fourth) == "POST /api/targets/bulk" && fourth.key != nil)
  }

  @Test func jobsAreExecuted() async throws {
    let (created, first) = try await ask(201, Samples.detail) { client in
      try await client.execute(job, on: [target, target])
    }
    #expect(line(first) == "POST /api/jobs/J202600001/execute" && first.key == "made-1")
    #expect(first.body == #"{"target_serials":["T202600045","T202600045"]}"#)
    #expect(created.execution.serial == execution && created.execution.branchCount == 15)
    #expect(created.branches.map(\.serial) == [branch] && created.job?.serial == job)
    let (_, second) = try await ask(201, Samples.detail) { client in
      try await client.execute(.formerly("JOB-2025-000001 /?"), onTargetIDs: [45])
    }
    #expect(line(second) == "POST /api/jobs/JOB-2025-000001%20%2F%3F/execute")
    #expect(second.body == #"{"target_ids":[45]}"#)
  }

  @Test func recordsAreChanged() async throws {
    let (changed, first) = try await ask(200, Samples.execution) { client in
      try await client.change(execution, ExecutionChange(status: .cancelled))
    }
    #expect(line(first) == "PATCH /api/executions/J202600001.0003")
    #expect(first.body == #"{"status":"cancelled"}"# && changed.number == 3)
    let (purged, second) = try await ask(200, #"{"purged":12}"#) { client in
      try await client.purgeOutputs(finishedBefore: Date(timeIntervalSince1970: 1), limit: 5)
    }
    #expect(purged == 12 && line(second) == "POST /api/outputs/purge" && second.key == nil)
    #expect(second.body == #"{"before":"1970-01-01T00:00:01.000Z","limit":5}"#)
  }

  @Test func recordsAreLookedUp() async throws {
    let (foundJob, first) = try await ask(200, Samples.job) { try await $0.job(job) }
    #expect(foundJob.serial == job && line(first) == "GET /api/jobs/J202600001")
    let (_, byID) = try await ask(200, Samples.job) { try await $0.job(.id(17)) }
    #expect(line(byID) == "GET /api/jobs/17")
    let (foundTarget, second) = try await ask(200, Samples.target) { try await $0.target(target) }
    #expect(foundTarget.serial == target && line(second) == "GET /api/targets/T202600045")
    let (detail, third) = try await ask(200, Samples.detail) { try await $0.execution(execution) }
    #expect(detail.next?.text == "15")
    #expect(line(third) == "GET /api/executions/serial/J202600001.0003")
    let (result, fourth) = try await ask(200, Samples.branch) { try await $0.branch(branch) }
    #expect(line(fourth) == "GET /api/executions/branch/J202600001.0003.0015")
    #expect(result.exitCode == 1 && result.status.isFinal && result.error == "no space")
    #expect(result.targetSerial == target && result.target?.name == "web-1")
    let shown = """
      {"serial":"J202600001.0003.0015","kind":"branch","components":{"year":2026,"sequence":15},
       "parent":"J202600001.0003","state":"issued","issued_at":"2026-11-25T12:00:00Z","node":null,
       "subject":null,"request_id":null,"record":\(Samples.branch)}
      """
    let (known, fifth) = try await ask(200, shown) { try await $0.detail(of: .branch(branch)) }
    #expect(known.record == .branch(result) && known.parent == .execution(execution))
    #expect(line(fifth) == "GET /api/serials/J202600001.0003.0015")
  }

  @Test func manyAreLookedUpAtOnce() async throws {
    let answer = """
      {"results":[{"serial":"J202600001","found":true,"data":\(Samples.job)},
       {"serial":"J202600001.0003","found":true,"data":\(Samples.execution)},
       {"serial":"J202600001.0003.0015","found":true,"data":\(Samples.branch)},
       {"serial":"T202600045","found":true,"data":\(Samples.target)},
       {"serial":"T202600046","found":false,"data":null}],"not_found":["T202600046"]}
      """
    let serials: [Serial] = [.job(job), .execution(execution), .branch(branch), .target(target)]
    let (found, request) = try await ask(200, answer) { try await $0.lookUp(serials) }
    #expect(found.compactMap(\.record?.serial) == serials)
    #expect(found.last == LookedUp(serial: "T202600046", record: nil))
    #expect(line(request) == "POST /api/executions/bulk" && request.key == nil)
  }

  @Test func targetsAndJobsAreJudged() async throws {
    let performance = """
      {"target_serial":"T202600045","target_name":"web-1","period_days":7,\(Samples.totals),
       "recent_executions":[\(Samples.branch)]}
      """
    let (target, first) = try await ask(200, performance) { client in
      try await client.performance(of: self.target, days: 7)
    }
    #expect(line(first) == "GET /api/targets/T202600045/performance?days=7")
    #expect(target.totals.successRate == 66.7 && target.totals.unfinished == 1)
    #expect(target.recent.count == 1 && target.days == 7)
    let results = """
      {"target_serial":"T202600045","total":31,"limit":10,"offset":20,
       "executions":[\(Samples.branch)]}
      """
    let (page, second) = try await ask(200, results) { client in
      try await client.results(of: self.target, limit: 10, offset: 20)
    }
    #expect(page.total == 31 && page.results.count == 1)
    #expect(line(second) == "GET /api/targets/T202600045/executions?limit=10&offset=20")
    let series = """
      {"period":"7d","group_by":"day",\(Samples.totals),
       "series":[{"start":"2026-11-25T00:00:00.000Z",\(Samples.totals)}]}
      """
    let (analytics, third) = try await ask(200, series) { client in
      try await client.executionAnalytics(.week, by: .day)
    }
    #expect(analytics.series.first?.totals == analytics.totals)
    #expect(line(third) == "GET /api/analytics/executions?period=7d&group_by=day")
    let metrics = """
      {"period":"30d","job_serial":"J202600001","job_name":"System Update",\(Samples.totals),
       "targets":[{"target_serial":null,"target_name":null,\(Samples.totals)}]}
      """
    let (judged, fourth) = try await ask(200, metrics) { try await $0.metrics(of: job) }
    #expect(judged.targets.first?.serial == nil && judged.totals.total == 4)
    #expect(line(fourth) == "GET /api/analytics/jobs/J202600001/metrics?period=30d")
    let comparison = """
      {"period":"30d","jobs":[{"job_serial":"J202600001","job_name":"System Update",
       "executions":{\(Samples.totals)},"results":{\(Samples.totals)}}],
       "not_found":["J202600002"]}
      """
    let (compared, fifth) = try await ask(200, comparison) { try await $0.compare([job, job]) }
    #expect(compared.jobs.first?.results.failed == 1 && compared.notFound.count == 1)
    #expect(
      line(fifth) == "GET /api/analytics/compare?jobs=J202600001%2CJ202600001&period=30d")
  }

  @Test func countersAndTexts() async throws {
    let counters = """
      {"counters":[{"kind":"job","year":2026,"capacity":99999,"issued":1,"leased":2,"free":99995,
       "void":1,"reserve":0,"frozen":false,"used_percent":0,"rate_per_day":1.5,
       "exhausted_at":null}]}
      """
    let (capacity, first) = try await ask(200, counters) { try await $0.capacity() }
    #expect(capacity.first?.free == 99_995 && capacity.first?.kind == .job)
    #expect(line(first) == "GET /api/capacity")
    let verdicts = """
      {"results":[{"serial":"J202600001","valid":true,"kind":"job","reason":null},
       {"serial":"x","valid":false,"kind":null,"reason":"too short"}]}
      """
    let (judged, second) = try await ask(200, verdicts) { client in
      try await client.validate(["J202600001", "x"])
    }
    #expect(judged.map(\.isValid) == [true, false] && judged.last?.reason == "too short")
    #expect(second.body == #"{"serials":["J202600001","x"]}"# && second.key == nil)
  }
}
