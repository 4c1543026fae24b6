import Foundation
import Records
import SerialFormat

/// A branch, the result of one target in one execution, wherever an answer has one.
struct BranchResponse: Encodable, Sendable {
  let id: Int
  let branchUUID: String
  let branchSerial: String
  let branchID: String
  let executionSerial: String
  let jobExecutionID: Int
  let targetID: Int
  let targetSerialRef: Nullable<String>
  let target: Nullable<TargetReferenceResponse>
  let status: String
  let scheduledAt: Nullable<Timestamp>
  let startedAt: Nullable<Timestamp>
  let completedAt: Nullable<Timestamp>
  let resultOutput: Nullable<String>
  let resultError: Nullable<String>
  /// Of the whole texts.
  let resultOutputBytes: Int
  let resultErrorBytes: Int
  /// A list carries the beginnings of long outputs only.
  let outputsCut: Bool
  let exitCode: Nullable<Int>
  let createdAt: Timestamp
  let outputsPurgedAt: Nullable<Timestamp>

  private enum CodingKeys: String, CodingKey {
    case id, target, status
    case branchUUID = "branch_uuid"
    case branchSerial = "branch_serial"
    case branchID = "branch_id"
    case executionSerial = "execution_serial"
    case jobExecutionID = "job_execution_id"
    case targetID = "target_id"
    case targetSerialRef = "target_serial_ref"
    case scheduledAt = "scheduled_at"
    case startedAt = "started_at"
    case completedAt = "completed_at"
    case resultOutput = "result_output"
    case resultError = "result_error"
    case resultOutputBytes = "result_output_bytes"
    case resultErrorBytes = "result_error_bytes"
    case outputsCut = "outputs_cut"
    case exitCode = "exit_code"
    case createdAt = "created_at"
    case outputsPurgedAt = "outputs_purged_at"
  }

  init(_ branch: BranchRecord) {
    id = branch.id
    branchUUID = branch.uuid.uuidString.lowercased()
    branchSerial = branch.serial.description
    branchID = branch.branchID
    executionSerial = branch.serial.execution.description
    jobExecutionID = branch.executionID
    targetID = branch.targetID
    targetSerialRef = Nullable(branch.target?.serial.description)
    target = Nullable(branch.target.map(TargetReferenceResponse.init))
    status = branch.status.rawValue
    scheduledAt = Nullable(Timestamp(branch.scheduledAt))
    startedAt = Nullable(Timestamp(branch.startedAt))
    completedAt = Nullable(Timestamp(branch.completedAt))
    resultOutput = Nullable(branch.output.text)
    resultError = Nullable(branch.error.text)
    resultOutputBytes = branch.output.bytes
    resultErrorBytes = branch.error.bytes
    outputsCut = branch.output.isCut || branch.error.isCut
    exitCode = Nullable(branch.exitCode)
    createdAt = Timestamp(branch.createdAt)
    outputsPurgedAt = Nullable(Timestamp(branch.outputsPurgedAt))
  }
}

/// The answer of `GET /api/executions/branch/{branch_serial}`: a branch with its job.
struct BranchDetailResponse: Encodable, Sendable {
  let branch: BranchResponse
  let job: JobReferenceResponse

  private enum CodingKeys: String, CodingKey { case job }

  init(_ branch: BranchRecord, _ job: JobReference) {
    self.branch = BranchResponse(branch)
    self.job = JobReferenceResponse(job)
  }

  func encode(to encoder: any Encoder) throws {
    try branch.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(job, forKey: .job)
  }
}
