public import Foundation
public import SerialFormat

/// How executions or results went.
public struct Totals: Sendable, Equatable, Decodable {
  public let total: Int
  public let successful: Int
  public let failed: Int
  public let cancelled: Int
  /// Scheduled or running.
  public let unfinished: Int
  /// In percent of those that succeeded or failed, 0...100; nil without any.
  public let successRate: Double?
  /// Mean time from start to end, in seconds; nil without any.
  public let averageDuration: Double?

  private enum CodingKeys: String, CodingKey {
    case total = "total_executions"
    case successful = "successful_executions"
    case failed = "failed_executions"
    case cancelled = "cancelled_executions"
    case unfinished = "unfinished_executions"
    case successRate = "success_rate"
    case averageDuration = "average_duration"
  }
}

/// How a target did in the last days.
public struct TargetPerformance: Sendable, Equatable, Decodable {
  public let target: TargetSerial
  public let name: String
  public let days: Int
  public let totals: Totals
  /// The newest ones.
  public let recent: [BranchRecord]

  private enum CodingKeys: String, CodingKey {
    case target = "target_serial"
    case name = "target_name"
    case days = "period_days"
    case recent = "recent_executions"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    target = try container.decode(TargetSerial.self, forKey: .target)
    name = try container.decode(String.self, forKey: .name)
    days = try container.decode(Int.self, forKey: .days)
    recent = try container.decode([BranchRecord].self, forKey: .recent)
    totals = try Totals(from: decoder)
  }
}

/// A part of a target's results, the newest first.
public struct TargetResults: Sendable, Equatable, Decodable {
  public let target: TargetSerial
  /// How many there are in all.
  public let total: Int
  public let limit: Int
  public let offset: Int
  public let results: [BranchRecord]

  private enum CodingKeys: String, CodingKey {
    case target = "target_serial"
    case total, limit, offset
    case results = "executions"
  }
}

/// How all executions of a period went.
public struct ExecutionAnalytics: Sendable, Equatable, Decodable {
  public struct Step: Sendable, Equatable, Decodable {
    public let start: Date
    public let totals: Totals

    private enum CodingKeys: String, CodingKey { case start }

    public init(from decoder: any Decoder) throws {
      start = try decoder.container(keyedBy: CodingKeys.self).decode(Date.self, forKey: .start)
      totals = try Totals(from: decoder)
    }
  }

  public let totals: Totals
  /// The oldest step first.
  public let series: [Step]

  private enum CodingKeys: String, CodingKey { case series }

  public init(from decoder: any Decoder) throws {
    series = try decoder.container(keyedBy: CodingKeys.self).decode([Step].self, forKey: .series)
    totals = try Totals(from: decoder)
  }
}

/// How a job's executions went, and its results by target.
public struct JobMetrics: Sendable, Equatable, Decodable {
  public struct Target: Sendable, Equatable, Decodable {
    public let serial: TargetSerial?
    public let name: String?
    public let totals: Totals

    private enum CodingKeys: String, CodingKey {
      case serial = "target_serial"
      case name = "target_name"
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      serial = try container.decodeIfPresent(TargetSerial.self, forKey: .serial)
      name = try container.decodeIfPresent(String.self, forKey: .name)
      totals = try Totals(from: decoder)
    }
  }

  public let job: JobSerial
  public let name: String
  public let totals: Totals
  public let targets: [Target]

  private enum CodingKeys: String, CodingKey {
    case job = "job_serial"
    case name = "job_name"
    case targets
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    job = try container.decode(JobSerial.self, forKey: .job)
    name = try container.decode(String.self, forKey: .name)
    targets = try container.decode([Target].self, forKey: .targets)
    totals = try Totals(from: decoder)
  }
}

/// Jobs beside each other.
public struct Comparison: Sendable, Equatable, Decodable {
  public struct Job: Sendable, Equatable, Decodable {
    public let serial: JobSerial
    public let name: String
    public let executions: Totals
    public let results: Totals

    private enum CodingKeys: String, CodingKey {
      case serial = "job_serial"
      case name = "job_name"
      case executions, results
    }
  }

  /// In the order asked.
  public let jobs: [Job]
  public let notFound: [JobSerial]

  private enum CodingKeys: String, CodingKey {
    case jobs
    case notFound = "not_found"
  }
}
