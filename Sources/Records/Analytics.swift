public import Foundation
public import SerialFormat

/// How far back an analysis looks from now.
public enum Period: String, Sendable, CaseIterable {
  case day = "24h"
  case week = "7d"
  case month = "30d"
  case quarter = "90d"

  public var hours: Int {
    switch self {
    case .day: 24
    case .week: 7 * 24
    case .month: 30 * 24
    case .quarter: 90 * 24
    }
  }
}

/// In which steps a series goes, in UTC.
public enum GroupStep: String, Sendable, CaseIterable {
  case hour
  case day
  case week
  case month
}

/// How executions or results went.
public struct Totals: Sendable, Equatable {
  public let total: Int
  public let successful: Int
  public let failed: Int
  public let cancelled: Int
  /// Scheduled or running.
  public let unfinished: Int
  /// Mean time from start to end of those that have both, in seconds; nil without any.
  public let averageSeconds: Double?

  public init(
    total: Int, successful: Int, failed: Int, cancelled: Int, unfinished: Int,
    averageSeconds: Double?
  ) {
    self.total = total
    self.successful = successful
    self.failed = failed
    self.cancelled = cancelled
    self.unfinished = unfinished
    self.averageSeconds = averageSeconds
  }

  /// Successful ones in percent of those that succeeded or failed, 0...100; nil without any.
  public var successRate: Double? {
    let judged = successful + failed
    return judged == 0 ? nil : 100 * Double(successful) / Double(judged)
  }
}

public struct TargetPerformance: Sendable, Equatable {
  public let target: TargetReference
  public let days: Int
  public let totals: Totals
  /// The ten newest.
  public let recent: [BranchRecord]

  public init(target: TargetReference, days: Int, totals: Totals, recent: [BranchRecord]) {
    self.target = target
    self.days = days
    self.totals = totals
    self.recent = recent
  }
}

public struct TargetResults: Sendable, Equatable {
  public let total: Int
  public let results: [BranchRecord]

  public init(total: Int, results: [BranchRecord]) {
    self.total = total
    self.results = results
  }
}

public struct ExecutionAnalytics: Sendable, Equatable {
  public struct Step: Sendable, Equatable {
    public let start: Date
    public let totals: Totals

    public init(start: Date, totals: Totals) {
      self.start = start
      self.totals = totals
    }
  }

  public let totals: Totals
  /// Every step of the period, the oldest first; those without executions too.
  public let series: [Step]

  public init(totals: Totals, series: [Step]) {
    self.totals = totals
    self.series = series
  }
}

public struct JobMetrics: Sendable, Equatable {
  public struct Target: Sendable, Equatable {
    /// Nil for results whose target has no serial.
    public let serial: TargetSerial?
    public let name: String?
    public let totals: Totals

    public init(serial: TargetSerial?, name: String?, totals: Totals) {
      self.serial = serial
      self.name = name
      self.totals = totals
    }
  }

  public let job: JobReference
  /// Of its executions.
  public let executions: Totals
  /// Of its results, by target: those with most failures first, 1,000 at most.
  public let targets: [Target]

  public init(job: JobReference, executions: Totals, targets: [Target]) {
    self.job = job
    self.executions = executions
    self.targets = targets
  }
}

public struct JobComparison: Sendable, Equatable {
  public let job: JobReference
  public let executions: Totals
  public let results: Totals

  public init(job: JobReference, executions: Totals, results: Totals) {
    self.job = job
    self.executions = executions
    self.results = results
  }
}
