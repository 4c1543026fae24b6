import Foundation
import Records
import SerialFormat

/// A target, as `GET /api/targets/{target}` answers it.
struct TargetResponse: Encodable, Sendable {
  let id: Int
  let targetUUID: String
  let targetSerial: String
  let name: String
  let targetType: Nullable<String>
  let description: Nullable<String>
  let osType: String
  let environment: Nullable<String>
  let location: Nullable<String>
  let dataCenter: Nullable<String>
  let region: Nullable<String>
  let isActive: Bool
  let status: Nullable<String>
  let healthStatus: Nullable<String>
  let createdAt: Timestamp
  let updatedAt: Nullable<Timestamp>

  private enum CodingKeys: String, CodingKey {
    case id, name, description, environment, location, region, status
    case targetUUID = "target_uuid"
    case targetSerial = "target_serial"
    case targetType = "target_type"
    case osType = "os_type"
    case dataCenter = "data_center"
    case isActive = "is_active"
    case healthStatus = "health_status"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  init(_ target: TargetRecord) {
    id = target.id
    targetUUID = target.uuid.uuidString.lowercased()
    targetSerial = target.serial.description
    name = target.name
    targetType = Nullable(target.targetType)
    description = Nullable(target.description)
    osType = target.osType
    environment = Nullable(target.environment)
    location = Nullable(target.location)
    dataCenter = Nullable(target.dataCenter)
    region = Nullable(target.region)
    isActive = target.isActive
    status = Nullable(target.status)
    healthStatus = Nullable(target.healthStatus)
    createdAt = Timestamp(target.createdAt)
    updatedAt = Nullable(Timestamp(target.updatedAt))
  }
}

/// The answer of `POST /api/targets/bulk`: in the order asked.
struct CreatedTargetsResponse: Encodable, Sendable {
  let targets: [TargetResponse]
}

/// The answer of `GET /api/targets`.
struct TargetsResponse: Encodable, Sendable {
  let targets: [TargetResponse]
  let next: Nullable<String>

  init(_ page: Page<TargetRecord>) {
    targets = page.elements.map(TargetResponse.init)
    next = Nullable(page.next?.text)
  }
}

/// What an answer about another record says of its target.
struct TargetReferenceResponse: Encodable, Sendable {
  let id: Int
  let targetSerial: String
  let name: String

  private enum CodingKeys: String, CodingKey {
    case id, name
    case targetSerial = "target_serial"
  }

  init(_ target: TargetReference) {
    id = target.id
    targetSerial = target.serial.description
    name = target.name
  }
}
