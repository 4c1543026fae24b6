import Records
import SerialFormat

/// How executions or results went, wherever an answer says so.
struct TotalsResponse: Encodable, Sendable {
  let totalExecutions: Int
  let successfulExecutions: Int
  let failedExecutions: Int
  let cancelledExecutions: Int
  let unfinishedExecutions: Int
  /// In percent of those that succeeded or failed; null without any.
  let successRate: Nullable<Double>
  /// In seconds; null without any that has both times.
  let averageDuration: Nullable<Double>

  private enum CodingKeys: String, CodingKey {
    case totalExecutions = "total_executions"
    case successfulExecutions = "successful_executions"
    case failedExecutions = "failed_executions"
    case cancelledExecutions = "cancelled_executions"
    case unfinishedExecutions = "unfinished_executions"
    case successRate = "success_rate"
    case averageDuration = "average_duration"
  }

  init(_ totals: Totals) {
    totalExecutions = totals.total
    successfulExecutions = totals.successful
    failedExecutions = totals.failed
    cancelledExecutions = totals.cancelled
    unfinishedExecutions = totals.unfinished
    successRate = Nullable(totals.successRate.map(Self.rounded))
    averageDuration = Nullable(totals.averageSeconds.map(Self.rounded))
  }

  /// To two decimals for a rate and milliseconds for a time.
  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

/// The answer of `GET /api/targets/{target}/performance`.
struct PerformanceResponse: Encodable, Sendable {
  let targetSerial: String
  let targetName: String
  let periodDays: Int
  let totals: TotalsResponse
  let recentExecutions: [BranchResponse]

  private enum CodingKeys: String, CodingKey {
    case targetSerial = "target_serial"
    case targetName = "target_name"
    case periodDays = "period_days"
    case recentExecutions = "recent_executions"
  }

  init(_ performance: TargetPerformance) {
    targetSerial = performance.target.serial.description
    targetName = performance.target.name
    periodDays = performance.days
    totals = TotalsResponse(performance.totals)
    recentExecutions = performance.recent.map(BranchResponse.init)
  }

  func encode(to encoder: any Encoder) throws {
    try totals.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(targetSerial, forKey: .targetSerial)
    try container.encode(targetName, forKey: .targetName)
    try container.encode(periodDays, forKey: .periodDays)
    try container.encode(recentExecutions, forKey: .recentExecutions)
  }
}

/// The answer of `GET /api/targets/{target}/executions`.
struct TargetExecutionsResponse: Encodable, Sendable {
  let targetSerial: String
  let total: Int
  let limit: Int
  let offset: Int
  let executions: [BranchResponse]

  private enum CodingKeys: String, CodingKey {
    case total, limit, offset, executions
    case targetSerial = "target_serial"
  }

  init(_ target: TargetSerial, _ results: TargetResults, limit: Int, offset: Int) {
    targetSerial = target.description
    total = results.total
    self.limit = limit
    self.offset = offset
    executions = results.results.map(BranchResponse.init)
  }
}

/// The answer of `GET /api/analytics/executions`.
struct ExecutionAnalyticsResponse: Encodable, Sendable {
  struct Step: Encodable, Sendable {
    let start: Timestamp
    let totals: TotalsResponse

    private enum CodingKeys: String, CodingKey { case start }

    func encode(to encoder: any Encoder) throws {
      try totals.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(start, forKey: .start)
    }
  }

  let period: String
  let groupBy: String
  let totals: TotalsResponse
  let series: [Step]

  private enum CodingKeys: String, CodingKey {
    case period, series
    case groupBy = "group_by"
  }

  init(_ period: Period, _ step: GroupStep, _ analytics: ExecutionAnalytics) {
    self.period = period.rawValue
    groupBy = step.rawValue
    totals = TotalsResponse(analytics.totals)
    series = analytics.series.map { entry in
      Step(start: Timestamp(entry.start), totals: TotalsResponse(entry.totals))
    }
  }

  func encode(to encoder: any Encoder) throws {
    try totals.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(period, forKey: .period)
    try container.encode(groupBy, forKey: .groupBy)
    try container.encode(series, forKey: .series)
  }
}

/// The answer of `GET /api/analytics/jobs/{job_serial}/metrics`.
struct JobMetricsResponse: Encodable, Sendable {
  struct Target: Encodable, Sendable {
    let targetSerial: Nullable<String>
    let targetName: Nullable<String>
    let totals: TotalsResponse

    private enum CodingKeys: String, CodingKey {
      case targetSerial = "target_serial"
      case targetName = "target_name"
    }

    func encode(to encoder: any Encoder) throws {
      try totals.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(targetSerial, forKey: .targetSerial)
      try container.encode(targetName, forKey: .targetName)
    }
  }

  let period: String
  let jobSerial: String
  let jobName: String
  let totals: TotalsResponse
  let targets: [Target]

  private enum CodingKeys: String, CodingKey {
    case period, targets
    case jobSerial = "job_serial"
    case jobName = "job_name"
  }

  init(_ period: Period, _ metrics: JobMetrics) {
    self.period = period.rawValue
    jobSerial = metrics.job.serial.description
    jobName = metrics.job.name
    totals = TotalsResponse(metrics.executions)
    targets = metrics.targets.map { target in
      Target(
        targetSerial: Nullable(target.serial?.description), targetName: Nullable(target.name),
        totals: TotalsResponse(target.totals))
    }
  }

  func encode(to encoder: any Encoder) throws {
    try totals.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(period, forKey: .period)
    try container.encode(jobSerial, forKey: .jobSerial)
    try container.encode(jobName, forKey: .jobName)
    try container.encode(targets, forKey: .targets)
  }
}

/// The answer of `GET /api/analytics/compare`.
struct ComparisonResponse: Encodable, Sendable {
  struct Job: Encodable, Sendable {
    let jobSerial: String
    let jobName: String
    let executions: TotalsResponse
    let results: TotalsResponse

    private enum CodingKeys: String, CodingKey {
      case executions, results
      case jobSerial = "job_serial"
      case jobName = "job_name"
    }
  }

  let period: String
  let jobs: [Job]
  /// As they were asked for.
  let notFound: [String]

  private enum CodingKeys: String, CodingKey {
    case period, jobs
    case notFound = "not_found"
  }

  init(_ period: Period, _ asked: [(text: String, serial: JobSerial)], _ found: [JobComparison]) {
    self.period = period.rawValue
    jobs = found.map { comparison in
      Job(
        jobSerial: comparison.job.serial.description, jobName: comparison.job.name,
        executions: TotalsResponse(comparison.executions),
        results: TotalsResponse(comparison.results))
    }
    let serials = Set(found.map(\.job.serial))
    notFound = asked.filter { !serials.contains($0.serial) }.map(\.text)
  }
}

/// The answer of `POST /api/outputs/purge`.
struct PurgedResponse: Encodable, Sendable {
  let purged: Int
}
