import Records
import SerialFormat

/// The answer of `GET /api/executions/search`.
struct ExecutionSearchResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    /// `execution` or `branch`.
    let type: String
    let executionSerial: String
    let branchSerial: Nullable<String>
    let jobSerial: String
    let jobName: Nullable<String>
    let targetName: Nullable<String>
    let targetSerialRef: Nullable<String>
    let status: String
    let createdAt: Timestamp

    private enum CodingKeys: String, CodingKey {
      case type, status
      case executionSerial = "execution_serial"
      case branchSerial = "branch_serial"
      case jobSerial = "job_serial"
      case jobName = "job_name"
      case targetName = "target_name"
      case targetSerialRef = "target_serial_ref"
      case createdAt = "created_at"
    }

    /// Nil for a job or a target.
    init?(_ hit: SearchHit) {
      let execution: ExecutionSerial
      switch hit.serial {
      case .job, .target: return nil
      case .execution(let serial):
        execution = serial
        branchSerial = Nullable(nil)
      case .branch(let serial):
        execution = serial.execution
        branchSerial = Nullable(serial.description)
      }
      type = hit.serial.kind.rawValue
      executionSerial = execution.description
      jobSerial = execution.job.description
      jobName = Nullable(hit.jobName)
      targetName = Nullable(hit.targetName)
      targetSerialRef = Nullable(hit.targetSerial?.description)
      status = hit.status
      createdAt = Timestamp(hit.createdAt)
    }
  }

  let results: [Entry]
  let next: Nullable<String>

  init(_ page: Page<SearchHit>) {
    results = page.elements.compactMap(Entry.init)
    next = Nullable(page.next?.text)
  }
}

/// The answer of `GET /api/search`.
struct SearchResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let type: String
    let serial: String
    /// Null for a target.
    let jobSerial: Nullable<String>
    let jobName: Nullable<String>
    let targetSerial: Nullable<String>
    let targetName: Nullable<String>
    let status: String
    let createdAt: Timestamp

    private enum CodingKeys: String, CodingKey {
      case type, serial, status
      case jobSerial = "job_serial"
      case jobName = "job_name"
      case targetSerial = "target_serial"
      case targetName = "target_name"
      case createdAt = "created_at"
    }

    init(_ hit: SearchHit) {
      type = hit.serial.kind.rawValue
      serial = hit.serial.description
      switch hit.serial {
      case .job(let serial): jobSerial = Nullable(serial.description)
      case .execution(let serial): jobSerial = Nullable(serial.job.description)
      case .branch(let serial): jobSerial = Nullable(serial.execution.job.description)
      case .target: jobSerial = Nullable(nil)
      }
      jobName = Nullable(hit.jobName)
      targetSerial = Nullable(hit.targetSerial?.description)
      targetName = Nullable(hit.targetName)
      status = hit.status
      createdAt = Timestamp(hit.createdAt)
    }
  }

  let query: String
  let type: String
  let results: [Entry]
  let next: Nullable<String>

  init(_ wish: RequestedSearch, _ page: Page<SearchHit>) {
    query = wish.query.text
    type = wish.type
    results = page.elements.map(Entry.init)
    next = Nullable(page.next?.text)
  }
}

/// The answer of `GET` and `POST /api/executions/bulk`: one result for each serial, in the order
/// asked.
struct LookUpResponse: Encodable, Sendable {
  struct Result: Encodable, Sendable {
    /// As it was asked for.
    let serial: String
    let found: Bool
    let data: Nullable<RecordResponse>
  }

  let results: [Result]
  let notFound: [String]

  private enum CodingKeys: String, CodingKey {
    case results
    case notFound = "not_found"
  }

  init(_ texts: [String], _ found: [String: RecordResponse]) {
    results = texts.map { text in
      Result(serial: text, found: found[text] != nil, data: Nullable(found[text]))
    }
    notFound = texts.filter { found[$0] == nil }
  }
}

/// A record of any kind.
enum RecordResponse: Encodable, Sendable {
  case job(JobResponse)
  case target(TargetResponse)
  case execution(ExecutionResponse)
  case branch(BranchResponse)

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .job(let job): try job.encode(to: encoder)
    case .target(let target): try target.encode(to: encoder)
    case .execution(let execution): try execution.encode(to: encoder)
    case .branch(let branch): try branch.encode(to: encoder)
    }
  }
}
