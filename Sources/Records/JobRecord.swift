public import Foundation
public import SerialFormat

/// A row of `jobs`. Type and status are the words of the database: an existing installation may
/// have more of them than this binary knows.
public struct JobRecord: Sendable, Equatable {
  public let id: Int
  public let uuid: UUID
  public let serial: JobSerial
  public let name: String
  public let description: String?
  public let jobType: String
  public let status: String
  /// `users.id`
  public let createdBy: Int
  public let createdAt: Date
  public let updatedAt: Date?
  public let scheduledAt: Date?
  public let startedAt: Date?
  public let completedAt: Date?

  public init(
    id: Int, uuid: UUID, serial: JobSerial, name: String, description: String?, jobType: String,
    status: String, createdBy: Int, createdAt: Date, updatedAt: Date?, scheduledAt: Date?,
    startedAt: Date?, completedAt: Date?
  ) {
    self.id = id
    self.uuid = uuid
    self.serial = serial
    self.name = name
    self.description = description
    self.jobType = jobType
    self.status = status
    self.createdBy = createdBy
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.scheduledAt = scheduledAt
    self.startedAt = startedAt
    self.completedAt = completedAt
  }
}

/// What another record says of its job.
public struct JobReference: Sendable, Equatable {
  public let id: Int
  public let serial: JobSerial
  public let name: String

  public init(id: Int, serial: JobSerial, name: String) {
    self.id = id
    self.serial = serial
    self.name = name
  }
}
