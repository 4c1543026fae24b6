public import SerialFormat

extension SerialClient {
  /// How a target did in the last days, 1...3,650.
  public func performance(
    of target: TargetSerial, days: Int = 30, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> TargetPerformance {
    let query = [("days", String(days) as String?)]
    return try await run(.get("/api/targets/\(target)/performance", query), options)
  }

  /// Results of a target, the newest first, with the beginnings of long outputs.
  public func results(
    of target: TargetSerial, limit: Int = 100, offset: Int = 0,
    _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> TargetResults {
    let query = [("limit", String(limit) as String?), ("offset", String(offset))]
    return try await run(.get("/api/targets/\(target)/executions", query), options)
  }

  /// How all executions of a period went.
  public func executionAnalytics(
    _ period: Period = .week, by step: GroupStep = .day, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> ExecutionAnalytics {
    let query = [("period", period.rawValue as String?), ("group_by", step.rawValue)]
    return try await run(.get("/api/analytics/executions", query), options)
  }

  /// How a job's executions of a period went, and its results by target.
  public func metrics(
    of job: JobSerial, _ period: Period = .month, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> JobMetrics {
    let query = [("period", period.rawValue as String?)]
    return try await run(.get("/api/analytics/jobs/\(job)/metrics", query), options)
  }

  /// Jobs beside each other, in the order given.
  public func compare(
    _ jobs: [JobSerial], _ period: Period = .month, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> Comparison {
    let query = [
      ("jobs", jobs.map(\.description).joined(separator: ",") as String?),
      ("period", period.rawValue),
    ]
    return try await run(.get("/api/analytics/compare", query), options)
  }
}
