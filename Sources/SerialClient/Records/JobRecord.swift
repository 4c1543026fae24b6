public import Foundation
public import SerialFormat

/// A job, as the service answers it.
public struct JobRecord: Sendable, Equatable, Codable {
  public let id: Int
  public let uuid: UUID?
  public let serial: JobSerial
  public let name: String
  public let description: String?
  public let jobType: JobType
  public let status: JobStatus
  /// The id of a user of the installation.
  public let createdBy: Int?
  public let createdAt: Date
  public let updatedAt: Date?
  public let scheduledAt: Date?
  public let startedAt: Date?
  public let completedAt: Date?

  private enum CodingKeys: String, CodingKey {
    case id
    case uuid = "job_uuid"
    case serial = "job_serial"
    case name, description
    case jobType = "job_type"
    case status
    case createdBy = "created_by"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case scheduledAt = "scheduled_at"
    case startedAt = "started_at"
    case completedAt = "completed_at"
  }
}

/// What another record says of its job.
public struct JobReference: Sendable, Equatable, Codable {
  public let id: Int
  public let serial: JobSerial
  public let name: String

  private enum CodingKeys: String, CodingKey {
    case id
    case serial = "job_serial"
    case name
  }
}

/// A job that is to be created. What is nil is left to the service.
public struct JobDraft: Sendable, Equatable, Codable {
  /// 1...255 characters.
  public var name: String
  public var description: String?
  public var jobType: JobType?
  public var status: JobStatus?
  public var createdBy: Int?
  public var scheduledAt: Date?

  public init(
    name: String, description: String? = nil, jobType: JobType? = nil, status: JobStatus? = nil,
    createdBy: Int? = nil, scheduledAt: Date? = nil
  ) {
    self.name = name
    self.description = description
    self.jobType = jobType
    self.status = status
    self.createdBy = createdBy
    self.scheduledAt = scheduledAt
  }

  private enum CodingKeys: String, CodingKey {
    case name, description
    case jobType = "job_type"
    case status
    case createdBy = "created_by"
    case scheduledAt = "scheduled_at"
  }
}
