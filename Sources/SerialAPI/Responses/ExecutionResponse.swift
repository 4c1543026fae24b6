import Foundation
import Records
import SerialFormat

/// An execution, wherever an answer has one.
struct ExecutionResponse: Encodable, Sendable {
  let id: Int
  let executionUUID: String
  let executionSerial: String
  let executionNumber: Int
  let jobID: Int
  let jobSerial: String
  let jobName: String
  let status: String
  let scheduledAt: Nullable<Timestamp>
  let startedAt: Nullable<Timestamp>
  let completedAt: Nullable<Timestamp>
  let createdAt: Timestamp
  let branchCount: Int

  private enum CodingKeys: String, CodingKey {
    case id, status
    case executionUUID = "execution_uuid"
    case executionSerial = "execution_serial"
    case executionNumber = "execution_number"
    case jobID = "job_id"
    case jobSerial = "job_serial"
    case jobName = "job_name"
    case scheduledAt = "scheduled_at"
    case startedAt = "started_at"
    case completedAt = "completed_at"
    case createdAt = "created_at"
    case branchCount = "branch_count"
  }

  init(_ execution: ExecutionRecord) {
    id = execution.id
    executionUUID = execution.uuid.uuidString.lowercased()
    executionSerial = execution.serial.description
    executionNumber = execution.serial.number
    jobID = execution.job.id
    jobSerial = execution.job.serial.description
    jobName = execution.job.name
    status = execution.status.rawValue
    scheduledAt = Nullable(Timestamp(execution.scheduledAt))
    startedAt = Nullable(Timestamp(execution.startedAt))
    completedAt = Nullable(Timestamp(execution.completedAt))
    createdAt = Timestamp(execution.createdAt)
    branchCount = execution.branchCount
  }
}

/// The answer of `GET /api/executions/serial/{execution_serial}` and of `POST
/// /api/jobs/{job}/execute`: an execution with its job and a page of its branches.
struct ExecutionDetailResponse: Encodable, Sendable {
  let execution: ExecutionResponse
  let job: JobReferenceResponse
  let branches: [BranchResponse]
  let next: Nullable<String>

  private enum CodingKeys: String, CodingKey { case job, branches, next }

  init(_ execution: ExecutionRecord, _ page: Page<BranchRecord>) {
    self.execution = ExecutionResponse(execution)
    job = JobReferenceResponse(execution.job)
    branches = page.elements.map(BranchResponse.init)
    next = Nullable(page.nextNumber(\.serial.number))
  }

  func encode(to encoder: any Encoder) throws {
    try execution.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(job, forKey: .job)
    try container.encode(branches, forKey: .branches)
    try container.encode(next, forKey: .next)
  }
}

/// The answer of `GET /api/jobs/{job}/executions`.
struct JobExecutionsResponse: Encodable, Sendable {
  let jobSerial: String
  let executions: [ExecutionResponse]
  let next: Nullable<String>

  private enum CodingKeys: String, CodingKey {
    case executions, next
    case jobSerial = "job_serial"
  }

  init(_ job: JobSerial, _ page: Page<ExecutionRecord>) {
    jobSerial = job.description
    executions = page.elements.map(ExecutionResponse.init)
    next = Nullable(page.nextNumber(\.serial.number))
  }
}

/// The answer of `GET /api/executions/{serial}/children`.
struct ChildrenResponse<Child: Encodable & Sendable>: Encodable, Sendable {
  let serial: String
  /// Of the parent.
  let kind: String
  let children: [Child]
  let next: Nullable<String>

  init(_ serial: Serial, _ children: [Child], next: String?) {
    self.serial = serial.description
    kind = serial.kind.rawValue
    self.children = children
    self.next = Nullable(next)
  }
}

extension Page {
  /// The number that the next part of a list by number comes after, as `after` takes it; nil when
  /// this is the last part.
  func nextNumber(_ number: (Element) -> Int) -> String? {
    guard next != nil, let last = elements.last else { return nil }
    return "\(number(last))"
  }
}
