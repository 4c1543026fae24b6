import NIOCore
import Records

/// The body of `POST /api/targets`, and an entry of `POST /api/targets/bulk`.
///
/// Written as JSON it is the row of `public.universal_targets` that the allocator's commit inserts,
/// and the same for requests that are the same.
struct TargetRequest: Equatable, Encodable {
  static let fields = CodingKeys.allCases.map(\.rawValue)
  static let nameCharacters = 1...100
  /// Of type, operating system, environment, status and health.
  static let wordCharacters = 1...50
  /// Of location, data centre and region.
  static let placeCharacters = 1...100
  static let descriptionCharacters = 10_000
  /// What `os_type` is when the body does not say: the column cannot be null.
  static let unknownSystem = "unknown"

  let draft: TargetDraft

  private enum CodingKeys: String, CodingKey, CaseIterable {
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

  init(_ body: ByteBuffer) throws(Problem) {
    try self.init(BodyFields(body, known: Self.fields))
  }

  init(_ fields: BodyFields) throws(Problem) {
    let (words, places) = (Self.wordCharacters, Self.placeCharacters)
    draft = TargetDraft(
      name: try fields.requiredLine("name", characters: Self.nameCharacters),
      targetType: try fields.line("target_type", characters: words),
      description: try fields.lines("description", characters: Self.descriptionCharacters),
      osType: try fields.line("os_type", characters: words) ?? Self.unknownSystem,
      environment: try fields.line("environment", characters: words),
      location: try fields.line("location", characters: places),
      dataCenter: try fields.line("data_center", characters: places),
      region: try fields.line("region", characters: places),
      isActive: fields.given("is_active") == nil ? nil : try fields.bool("is_active"),
      status: try fields.line("status", characters: words),
      healthStatus: try fields.line("health_status", characters: words))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(draft.name, forKey: .name)
    try container.encodeIfPresent(draft.targetType, forKey: .targetType)
    try container.encodeIfPresent(draft.description, forKey: .description)
    try container.encode(draft.osType, forKey: .osType)
    try container.encodeIfPresent(draft.environment, forKey: .environment)
    try container.encodeIfPresent(draft.location, forKey: .location)
    try container.encodeIfPresent(draft.dataCenter, forKey: .dataCenter)
    try container.encodeIfPresent(draft.region, forKey: .region)
    try container.encodeIfPresent(draft.isActive, forKey: .isActive)
    try container.encodeIfPresent(draft.status, forKey: .status)
    try container.encodeIfPresent(draft.healthStatus, forKey: .healthStatus)
  }
}

/// The body of `POST /api/targets/bulk`.
struct TargetsRequest: Equatable {
  let targets: [TargetRequest]

  init(_ body: ByteBuffer) throws(Problem) {
    var targets: [TargetRequest] = []
    let fields = try BodyFields(body, known: ["targets"])
    let entries = try fields.objects(
      "targets", atMost: BulkCreation.limit, known: TargetRequest.fields)
    for entry in entries { targets.append(try TargetRequest(entry)) }
    self.targets = targets
  }
}
