public import Foundation
public import SerialFormat

/// An execution, as the service answers it.
public struct ExecutionRecord: Sendable, Equatable, Codable {
  public let id: Int
  public let uuid: UUID?
  public let serial: ExecutionSerial
  public let number: Int
  public let jobID: Int
  public let jobSerial: JobSerial
  public let jobName: String?
  public let status: RecordStatus
  public let scheduledAt: Date?
  public let startedAt: Date?
  public let completedAt: Date?
  public let createdAt: Date
  public let branchCount: Int?

  private enum CodingKeys: String, CodingKey {
    case id
    case uuid = "execution_uuid"
    case serial = "execution_serial"
    case number = "execution_number"
    case jobID = "job_id"
    case jobSerial = "job_serial"
    case jobName = "job_name"
    case status
    case scheduledAt = "scheduled_at"
    case startedAt = "started_at"
    case completedAt = "completed_at"
    case createdAt = "created_at"
    case branchCount = "branch_count"
  }
}

/// An execution with its job and its first branches.
public struct ExecutionDetail: Sendable, Equatable, Decodable {
  public let execution: ExecutionRecord
  public let job: JobReference?
  /// The first ones by number, with the beginnings of long outputs. `children(of:)` gives all.
  public let branches: [BranchRecord]
  /// What to ask with for the branches after these; nil when these are all.
  public let next: PageCursor?

  private enum CodingKeys: String, CodingKey { case job, branches, next }

  public init(from decoder: any Decoder) throws {
    execution = try ExecutionRecord(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    job = try container.decodeIfPresent(JobReference.self, forKey: .job)
    branches = try container.decode([BranchRecord].self, forKey: .branches)
    next = try container.decodeIfPresent(PageCursor.self, forKey: .next)
  }
}

/// What is to change of an execution; nil leaves it as it is.
public struct ExecutionChange: Sendable, Equatable, Codable {
  /// `cancelled` cancels its unfinished branches too.
  public var status: RecordStatus?
  public var startedAt: Date?
  public var completedAt: Date?

  public init(status: RecordStatus? = nil, startedAt: Date? = nil, completedAt: Date? = nil) {
    self.status = status
    self.startedAt = startedAt
    self.completedAt = completedAt
  }

  private enum CodingKeys: String, CodingKey {
    case status
    case startedAt = "started_at"
    case completedAt = "completed_at"
  }
}
