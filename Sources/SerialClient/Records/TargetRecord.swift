public import Foundation
public import SerialFormat

/// A target, as the service answers it.
public struct TargetRecord: Sendable, Equatable, Codable {
  public let id: Int
  public let uuid: UUID?
  public let serial: TargetSerial
  public let name: String
  public let targetType: String?
  public let description: String?
  public let osType: String?
  public let environment: String?
  public let location: String?
  public let dataCenter: String?
  public let region: String?
  public let isActive: Bool?
  public let status: String?
  public let healthStatus: String?
  public let createdAt: Date
  public let updatedAt: Date?

  private enum CodingKeys: String, CodingKey {
    case id
    case uuid = "target_uuid"
    case serial = "target_serial"
    case name
    case targetType = "target_type"
    case description
    case osType = "os_type"
    case environment, location
    case dataCenter = "data_center"
    case region
    case isActive = "is_active"
    case status
    case healthStatus = "health_status"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }
}

/// What another record says of its target.
public struct TargetReference: Sendable, Equatable, Codable {
  public let id: Int
  public let serial: TargetSerial?
  public let name: String

  private enum CodingKeys: String, CodingKey {
    case id
    case serial = "target_serial"
    case name
  }
}

/// A target that is to be created. What is nil is left to the service.
public struct TargetDraft: Sendable, Equatable, Codable {
  /// 1...100 characters; need not be unique.
  public var name: String
  public var targetType: String?
  public var description: String?
  public var osType: String?
  public var environment: String?
  public var location: String?
  public var dataCenter: String?
  public var region: String?
  public var isActive: Bool?
  public var status: String?
  public var healthStatus: String?

  public init(
    name: String, targetType: String? = nil, description: String? = nil, osType: String? = nil,
    environment: String? = nil, location: String? = nil, dataCenter: String? = nil,
    region: String? = nil, isActive: Bool? = nil, status: String? = nil,
    healthStatus: String? = nil
  ) {
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
  }

  private enum CodingKeys: String, CodingKey {
    case name
    case targetType = "target_type"
    case description
    case osType = "os_type"
    case environment, location
    case dataCenter = "data_center"
    case region
    case isActive = "is_active"
    case status
    case healthStatus = "health_status"
  }
}
