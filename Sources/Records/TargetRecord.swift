public import Foundation
public import SerialFormat

/// A row of `universal_targets`.
public struct TargetRecord: Sendable, Equatable {
  public let id: Int
  public let uuid: UUID
  public let serial: TargetSerial
  public let name: String
  public let targetType: String?
  public let description: String?
  public let osType: String
  public let environment: String?
  public let location: String?
  public let dataCenter: String?
  public let region: String?
  public let isActive: Bool
  public let status: String?
  public let healthStatus: String?
  public let createdAt: Date
  public let updatedAt: Date?

  public init(
    id: Int, uuid: UUID, serial: TargetSerial, name: String, targetType: String?,
    description: String?, osType: String, environment: String?, location: String?,
    dataCenter: String?, region: String?, isActive: Bool, status: String?, healthStatus: String?,
    createdAt: Date, updatedAt: Date?
  ) {
    self.id = id
    self.uuid = uuid
    self.serial = serial
    self.name = name
    self.targetType = targetType
    self.description = description
    self.osType = osType
    self.environment = environment
    self.location = location
    self.dataCenter = dataCenter
    self.region = region
    self.isActive = isActive
    self.status = status
    self.healthStatus = healthStatus
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// What another record says of its target.
public struct TargetReference: Sendable, Equatable {
  public let id: Int
  public let serial: TargetSerial
  public let name: String

  public init(id: Int, serial: TargetSerial, name: String) {
    self.id = id
    self.serial = serial
    self.name = name
  }
}
