/// How far an execution or a branch is. A service may have words that this list has not.
public struct RecordStatus: RawRepresentable, Sendable, Hashable, Codable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let scheduled = RecordStatus(rawValue: "scheduled")
  public static let running = RecordStatus(rawValue: "running")
  public static let completed = RecordStatus(rawValue: "completed")
  public static let failed = RecordStatus(rawValue: "failed")
  public static let cancelled = RecordStatus(rawValue: "cancelled")

  /// Nothing of the record changes any more.
  public var isFinal: Bool { [.completed, .failed, .cancelled].contains(self) }
}

/// How far a job is. An installation may have words of its own.
public struct JobStatus: RawRepresentable, Sendable, Hashable, Codable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let draft = JobStatus(rawValue: "draft")
  public static let scheduled = JobStatus(rawValue: "scheduled")
  public static let running = JobStatus(rawValue: "running")
  public static let completed = JobStatus(rawValue: "completed")
  public static let failed = JobStatus(rawValue: "failed")
  public static let cancelled = JobStatus(rawValue: "cancelled")
}

/// What a job does. An installation may have words of its own.
public struct JobType: RawRepresentable, Sendable, Hashable, Codable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  public static let command = JobType(rawValue: "command")
  public static let script = JobType(rawValue: "script")
  public static let fileTransfer = JobType(rawValue: "file_transfer")
  public static let composite = JobType(rawValue: "composite")
}

/// How far back an analysis looks from now.
public enum Period: String, Sendable, CaseIterable {
  case day = "24h"
  case week = "7d"
  case month = "30d"
  case quarter = "90d"
}

/// In which steps a series goes, in UTC.
public enum GroupStep: String, Sendable, CaseIterable {
  case hour
  case day
  case week
  case month
}
