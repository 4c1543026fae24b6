import Allocator
import Hummingbird
import Records
import SerialFormat

extension Routes {
  /// `GET /api/analytics/executions`.
  func executionAnalytics(_ call: Call) async throws -> Response {
    let period = try call.query.word("period", Period.self) ?? .week
    let step = try call.query.word("group_by", GroupStep.self) ?? .day
    let analytics = try await scanRecords { records throws(CoordinatorError) in
      try await records.executionAnalytics(period, by: step)
    }
    return try ResponseJSON.response(ExecutionAnalyticsResponse(period, step, analytics))
  }

  /// `GET /api/analytics/jobs/{job_serial}/metrics`.
  func jobMetrics(_ call: Call) async throws -> Response {
    let period = try call.query.word("period", Period.self) ?? .month
    let metrics = try await find(
      try call.path.name("job_serial", as: .job), as: JobSerial.self,
      withinMilliseconds: limits.scanMilliseconds
    ) { records, serial throws(CoordinatorError) in try await records.metrics(of: serial, period) }
    return try ResponseJSON.response(JobMetricsResponse(period, metrics))
  }

  /// `GET /api/analytics/compare`.
  func compareJobs(_ call: Call) async throws -> Response {
    let period = try call.query.word("period", Period.self) ?? .month
    let texts = try RequestedList.read(call.query, "jobs", atMost: RequestedList.jobLimit)
    let serials = try await resolve(texts, as: JobSerial.self)
    let found = try await scanRecords { records throws(CoordinatorError) in
      try await records.compare(serials, period)
    }
    let asked = zip(texts, serials).map { (text: $0, serial: $1) }
    return try ResponseJSON.response(ComparisonResponse(period, asked, found))
  }
}
