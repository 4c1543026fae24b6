public import Allocator
import Coordinator
import Foundation
import LibPQ
public import Records
public import SerialFormat

extension PostgresRecordReading {
  public func performance(of target: TargetSerial, days: Int)
    async throws(CoordinatorError) -> TargetPerformance?
  {
    let rows = try await read(
      RegistrySQL.showPerformance, [.text(target.description), .int(days)])
    return try answer {
      guard let first = rows.first else { return nil }
      return TargetPerformance(
        target: TargetReference(
          id: try first.decode("asked_id"), serial: target, name: try first.decode("asked_name")),
        days: days, totals: try first.totals(), recent: try rows.compactMap { try $0.branchIfAny() }
      )
    }
  }

  public func results(of target: TargetSerial, limit: Int, offset: Int)
    async throws(CoordinatorError) -> TargetResults?
  {
    let rows = try await read(
      RegistrySQL.listResults, [.text(target.description), .int(limit), .int(offset)])
    return try answer {
      guard let first = rows.first else { return nil }
      return TargetResults(
        total: try first.decode("results"), results: try rows.compactMap { try $0.branchIfAny() })
    }
  }

  public func executionAnalytics(_ period: Period, by step: GroupStep)
    async throws(CoordinatorError) -> ExecutionAnalytics
  {
    let rows = try await read(
      RegistrySQL.analyzeExecutions, [.int(period.hours), .text(step.rawValue)])
    return try answer {
      let steps = try rows.map { row in
        (start: try row.decode("start", as: Date.self), tally: try row.tally())
      }
      return ExecutionAnalytics(
        totals: steps.reduce(into: Tally()) { $0.add($1.tally) }.totals,
        series: steps.map { ExecutionAnalytics.Step(start: $0.start, totals: $0.tally.totals) })
    }
  }

  public func metrics(of job: JobSerial, _ period: Period)
    async throws(CoordinatorError) -> JobMetrics?
  {
    let rows = try await read(
      RegistrySQL.measureJob, [.text(job.description), .int(period.hours)])
    return try answer {
      guard let first = rows.first else { return nil }
      return JobMetrics(
        job: try first.jobOfTheRow(), executions: try first.totals(),
        targets: try rows.dropFirst().map { row in
          JobMetrics.Target(
            serial: try row.serialIfAny("target_serial_ref"),
            name: try row.decode("target_name"), totals: try row.totals())
        })
    }
  }

  public func compare(_ jobs: [JobSerial], _ period: Period)
    async throws(CoordinatorError) -> [JobComparison]
  {
    if jobs.isEmpty { return [] }
    let rows = try await read(
      RegistrySQL.compareJobs, [.textArray(jobs.map(\.description)), .int(period.hours)])
    return try answer {
      var found: [JobSerial: (job: JobReference, executions: Totals?, results: Totals?)] = [:]
      for row in rows {
        let job = try row.jobOfTheRow()
        var entry = found[job.serial] ?? (job, nil, nil)
        switch try row.outcome("subject", as: Subject.self) {
        case .executions: entry.executions = try row.totals()
        case .results: entry.results = try row.totals()
        }
        found[job.serial] = entry
      }
      return try jobs.compactMap { serial in
        guard let entry = found[serial] else { return nil }
        guard let executions = entry.executions, let results = entry.results else {
          throw Contradiction("compare_jobs answered half of \(serial)")
        }
        return JobComparison(job: entry.job, executions: executions, results: results)
      }
    }
  }

  private enum Subject: String {
    case executions
    case results
  }
}

extension Row {
  /// The columns of a branch, where they are not null.
  fileprivate func branchIfAny() throws -> BranchRecord? {
    try decode("id", as: Int?.self) == nil ? nil : try branch()
  }

  /// The columns `id`, `job_serial` and `name`.
  fileprivate func jobOfTheRow() throws -> JobReference {
    JobReference(
      id: try decode("id"), serial: try serial("job_serial"), name: try decode("name"))
  }
}
