public import Foundation
public import SerialFormat

/// Which jobs, in which order.
public struct JobQuery: Sendable, Equatable {
  public enum Sort: String, Sendable, CaseIterable {
    case createdAt = "created_at"
    case jobSerial = "job_serial"
    case name
  }

  /// Only jobs with this status, and of this type.
  public let status: JobStatus?
  public let jobType: JobType?
  /// Only names that contain this, whatever the case; 1...255 characters.
  public let name: String?
  public let sort: Sort
  public let isDescending: Bool
  /// Where the page before ended; nil from the start.
  public let after: RecordCursor?
  /// 1...1,000.
  public let limit: Int

  public init(
    status: JobStatus? = nil, jobType: JobType? = nil, name: String? = nil,
    sort: Sort = .createdAt, isDescending: Bool = true, after: RecordCursor? = nil, limit: Int = 100
  ) {
    self.status = status
    self.jobType = jobType
    self.name = name
    self.sort = sort
    self.isDescending = isDescending
    self.after = after
    self.limit = limit
  }
}

/// Which targets, in which order.
public struct TargetQuery: Sendable, Equatable {
  public enum Sort: String, Sendable, CaseIterable {
    case createdAt = "created_at"
    case targetSerial = "target_serial"
    case name
  }

  public let osType: String?
  public let environment: String?
  public let region: String?
  public let status: String?
  public let isActive: Bool?
  /// Only names that contain this, whatever the case; 1...100 characters.
  public let name: String?
  public let sort: Sort
  public let isDescending: Bool
  public let after: RecordCursor?
  /// 1...1,000.
  public let limit: Int

  public init(
    osType: String? = nil, environment: String? = nil, region: String? = nil,
    status: String? = nil, isActive: Bool? = nil, name: String? = nil, sort: Sort = .createdAt,
    isDescending: Bool = true, after: RecordCursor? = nil, limit: Int = 100
  ) {
    self.osType = osType
    self.environment = environment
    self.region = region
    self.status = status
    self.isActive = isActive
    self.name = name
    self.sort = sort
    self.isDescending = isDescending
    self.after = after
    self.limit = limit
  }
}

/// Which children of a parent, by number.
public struct ChildQuery: Sendable, Equatable {
  /// Only children with this status.
  public let status: RecordStatus?
  /// From the highest number down.
  public let isDescending: Bool
  /// Only numbers after this one in the order asked, 1...9,999; nil from the start.
  public let after: Int?
  /// 1...9,999.
  public let limit: Int

  public init(
    status: RecordStatus? = nil, isDescending: Bool = false, after: Int? = nil, limit: Int = 100
  ) {
    self.status = status
    self.isDescending = isDescending
    self.after = after
    self.limit = limit
  }
}

/// A search by serial, or by the name of a job or target.
public struct SearchQuery: Sendable, Equatable {
  /// 1...255 characters. What begins like a serial is searched as a prefix of serials, by index;
  /// everything else in names of at least 3 characters, by trigrams; an old identifier finds its
  /// record.
  public let text: String
  /// Not empty.
  public let kinds: Set<SerialKind>
  /// 1...1,000.
  public let limit: Int
  public let after: RecordCursor?

  public init(text: String, kinds: Set<SerialKind>, limit: Int = 50, after: RecordCursor? = nil) {
    self.text = text
    self.kinds = kinds
    self.limit = limit
    self.after = after
  }
}

/// A record that a search found.
public struct SearchHit: Sendable, Equatable {
  public let serial: Serial
  /// Of the job, execution or branch; nil for a target.
  public let jobName: String?
  /// Of the target or branch; nil for a job or execution.
  public let targetName: String?
  public let targetSerial: TargetSerial?
  public let status: String
  public let createdAt: Date

  public init(
    serial: Serial, jobName: String?, targetName: String?, targetSerial: TargetSerial?,
    status: String, createdAt: Date
  ) {
    self.serial = serial
    self.jobName = jobName
    self.targetName = targetName
    self.targetSerial = targetSerial
    self.status = status
    self.createdAt = createdAt
  }
}
