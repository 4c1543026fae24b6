import Foundation
import NIOCore
import Records

/// The body of `POST /api/jobs`, and an entry of `POST /api/jobs/bulk`.
///
/// Written as JSON it is the row of `public.jobs` that the allocator's commit inserts, and the same
/// for requests that are the same.
struct JobRequest: Equatable, Encodable {
  static let fields = ["name", "description", "job_type", "status", "created_by", "scheduled_at"]
  static let nameCharacters = 1...255
  static let descriptionCharacters = 10_000

  let draft: JobDraft

  private enum CodingKeys: String, CodingKey {
    case name, description, status
    case jobType = "job_type"
    case createdBy = "created_by"
    case scheduledAt = "scheduled_at"
  }

  init(_ body: ByteBuffer) throws(Problem) {
    try self.init(BodyFields(body, known: Self.fields))
  }

  init(_ fields: BodyFields) throws(Problem) {
    draft = JobDraft(
      name: try fields.requiredLine("name", characters: Self.nameCharacters),
      description: try fields.lines("description", characters: Self.descriptionCharacters),
      jobType: try fields.word("job_type", JobType.self) ?? .command,
      status: try fields.word("status", JobStatus.self) ?? .draft,
      createdBy: try fields.nullableInteger("created_by", in: RequestedName.ids),
      scheduledAt: try fields.instant("scheduled_at"))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(draft.name, forKey: .name)
    try container.encodeIfPresent(draft.description, forKey: .description)
    try container.encode(draft.jobType.rawValue, forKey: .jobType)
    try container.encode(draft.status.rawValue, forKey: .status)
    try container.encodeIfPresent(draft.createdBy, forKey: .createdBy)
    try container.encodeIfPresent(Timestamp(draft.scheduledAt), forKey: .scheduledAt)
  }
}

/// How many jobs or targets one request may create.
enum BulkCreation {
  static let limit = 1000
}

/// The body of `POST /api/jobs/bulk`.
struct JobsRequest: Equatable {
  let jobs: [JobRequest]

  init(_ body: ByteBuffer) throws(Problem) {
    var jobs: [JobRequest] = []
    let fields = try BodyFields(body, known: ["jobs"])
    for entry in try fields.objects("jobs", atMost: BulkCreation.limit, known: JobRequest.fields) {
      jobs.append(try JobRequest(entry))
    }
    self.jobs = jobs
  }
}
