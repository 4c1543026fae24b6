public import Foundation
public import SerialFormat

/// A branch: what an execution did on one target.
public struct BranchRecord: Sendable, Equatable, Codable {
  public let id: Int
  public let uuid: UUID?
  public let serial: BranchSerial
  /// The installation's own name of it under its execution, such as `001`.
  public let branchID: String?
  public let executionSerial: ExecutionSerial
  public let executionID: Int?
  public let targetID: Int?
  public let targetSerial: TargetSerial?
  public let target: TargetReference?
  /// Only where one branch was asked for.
  public let job: JobReference?
  public let status: RecordStatus
  public let scheduledAt: Date?
  public let startedAt: Date?
  public let completedAt: Date?
  /// In lists only its beginning; see `areOutputsCut`.
  public let output: String?
  public let error: String?
  /// Of the whole outputs, in UTF-8.
  public let outputBytes: Int?
  public let errorBytes: Int?
  /// Whether there is more of the outputs than this record carries.
  public let areOutputsCut: Bool?
  public let exitCode: Int?
  public let createdAt: Date
  /// When an operator removed the outputs; nil for never.
  public let outputsPurgedAt: Date?

  private enum CodingKeys: String, CodingKey {
    case id
    case uuid = "branch_uuid"
    case serial = "branch_serial"
    case branchID = "branch_id"
    case executionSerial = "execution_serial"
    case executionID = "job_execution_id"
    case targetID = "target_id"
    case targetSerial = "target_serial_ref"
    case target, job, status
    case scheduledAt = "scheduled_at"
    case startedAt = "started_at"
    case completedAt = "completed_at"
    case output = "result_output"
    case error = "result_error"
    case outputBytes = "result_output_bytes"
    case errorBytes = "result_error_bytes"
    case areOutputsCut = "outputs_cut"
    case exitCode = "exit_code"
    case createdAt = "created_at"
    case outputsPurgedAt = "outputs_purged_at"
  }
}

/// What is to change of a branch; nil leaves it as it is.
public struct BranchChange: Sendable, Equatable, Codable {
  public var status: RecordStatus?
  public var startedAt: Date?
  public var completedAt: Date?
  /// At most 8 MiB of UTF-8, without NUL; the same for `error`.
  public var output: String?
  public var error: String?
  public var exitCode: Int?

  public init(
    status: RecordStatus? = nil, startedAt: Date? = nil, completedAt: Date? = nil,
    output: String? = nil, error: String? = nil, exitCode: Int? = nil
  ) {
    self.status = status
    self.startedAt = startedAt
    self.completedAt = completedAt
    self.output = output
    self.error = error
    self.exitCode = exitCode
  }

  private enum CodingKeys: String, CodingKey {
    case status
    case startedAt = "started_at"
    case completedAt = "completed_at"
    case output = "result_output"
    case error = "result_error"
    case exitCode = "exit_code"
  }
}
