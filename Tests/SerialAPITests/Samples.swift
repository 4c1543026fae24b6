import Foundation
import Records
import SerialFormat

/// Records for tests: a job, its execution and two branches on one target.
enum Sample {
  static let noon = FakeCluster.noon
  static let uuid = UUID(uuidString: "ABCDEF01-2222-4333-8444-555555555555") ?? UUID()

  static func job(_ text: String = "J202600001", id: Int = 7, name: String = "System Update") throws
    -> JobRecord
  {
    JobRecord(
      id: id, uuid: uuid, serial: try JobSerial(parsing: text), name: name, description: nil,
      jobType: "command", status: "draft", createdBy: 1, createdAt: noon, updatedAt: noon,
      scheduledAt: nil, startedAt: nil, completedAt: nil)
  }

  static func target(_ text: String = "T202600045", id: Int = 45) throws -> TargetRecord {
    TargetRecord(
      id: id, uuid: uuid, serial: try TargetSerial(parsing: text), name: "Production server",
      targetType: "system", description: nil, osType: "linux", environment: "production",
      location: nil, dataCenter: nil, region: "eu", isActive: true, status: "active",
      healthStatus: "healthy", createdAt: noon, updatedAt: noon)
  }

  static func execution(
    _ text: String = "J202600001.0003", status: RecordStatus = .running, branches: Int = 2
  ) throws -> ExecutionRecord {
    let serial = try ExecutionSerial(parsing: text)
    return ExecutionRecord(
      id: 33, uuid: uuid, serial: serial,
      job: JobReference(id: 7, serial: serial.job, name: "System Update"), status: status,
      scheduledAt: nil, startedAt: noon, completedAt: nil, createdAt: noon, branchCount: branches)
  }

  static func branch(
    _ text: String = "J202600001.0003.0015", status: RecordStatus = .failed,
    output: String? = "out",
    isCut: Bool = false, hasTarget: Bool = true
  ) throws -> BranchRecord {
    let target = TargetReference(
      id: 45, serial: try TargetSerial(parsing: "T202600045"), name: "Production server")
    return BranchRecord(
      id: 99, uuid: uuid, serial: try BranchSerial(parsing: text), branchID: "015", executionID: 33,
      target: hasTarget ? target : nil, targetID: 45, status: status, scheduledAt: nil,
      startedAt: noon, completedAt: noon.addingTimeInterval(2),
      output: BranchRecord.Output(
        text: output, bytes: isCut ? 5_000 : output?.utf8.count ?? 0, isCut: isCut),
      error: BranchRecord.Output(text: nil, bytes: 0, isCut: false), exitCode: 1, createdAt: noon,
      outputsPurgedAt: nil)
  }

  static let totals = Totals(
    total: 10, successful: 6, failed: 3, cancelled: 1, unfinished: 0, averageSeconds: 12.34567)
}

extension World {
  /// Puts a job, an execution of it, two results and their target into the registry, under what the
  /// tests' requests ask for; and what a request creates is there too.
  func fill() throws {
    let performance = TargetPerformance(
      target: TargetReference(
        id: 45, serial: try TargetSerial(parsing: "T202600045"), name: "Production server"),
      days: 30, totals: Sample.totals, recent: [try Sample.branch()])
    let job = JobReference(
      id: 7, serial: try JobSerial(parsing: "J202600001"), name: "System Update")
    let contents = (
      jobs: [try Sample.job(), try Sample.job("J202600002", id: 8, name: "Second")],
      targets: [try Sample.target(), try Sample.target("T202600001", id: 1)],
      executions: [try Sample.execution()],
      branches: [try Sample.branch("J202600001.0003.0014"), try Sample.branch()]
    )
    records.put { registry in
      registry.jobs = contents.jobs
      registry.targets = contents.targets
      registry.executions = contents.executions
      registry.branches = contents.branches
      registry.performance = performance
      registry.results = TargetResults(total: 57, results: contents.branches)
      registry.metrics = JobMetrics(job: job, executions: Sample.totals, targets: [])
    }
    writing.answer(.created(contents.executions[0].serial, isReplay: false))
  }
}
