import Foundation
import Records
import SerialFormat

/// A job, as `GET /api/jobs/{job}` answers it.
struct JobResponse: Encodable, Sendable {
  let id: Int
  let jobUUID: String
  let jobSerial: String
  let name: String
  let description: Nullable<String>
  let jobType: String
  let status: String
  let createdBy: Int
  let createdAt: Timestamp
  let updatedAt: Nullable<Timestamp>
  let scheduledAt: Nullable<Timestamp>
  let startedAt: Nullable<Timestamp>
  let completedAt: Nullable<Timestamp>

  private enum CodingKeys: String, CodingKey {
    case id, name, description, status
    case jobUUID = "job_uuid"
    case jobSerial = "job_serial"
    case jobType = "job_type"
    case createdBy = "created_by"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case scheduledAt = "scheduled_at"
    case startedAt = "started_at"
    case completedAt = "completed_at"
  }

  init(_ job: JobRecord) {
    id = job.id
    jobUUID = job.uuid.uuidString.lowercased()
    jobSerial = job.serial.description
    name = job.name
    description = Nullable(job.description)
    jobType = job.jobType
    status = job.status
    createdBy = job.createdBy
    createdAt = Timestamp(job.createdAt)
    updatedAt = Nullable(Timestamp(job.updatedAt))
    scheduledAt = Nullable(Timestamp(job.scheduledAt))
    startedAt = Nullable(Timestamp(job.startedAt))
    completedAt = Nullable(Timestamp(job.completedAt))
  }
}

/// The answer of `POST /api/jobs/bulk`: in the order asked.
struct CreatedJobsResponse: Encodable, Sendable {
  let jobs: [JobResponse]
}

/// The answer of `GET /api/jobs`.
struct JobsResponse: Encodable, Sendable {
  let jobs: [JobResponse]
  let next: Nullable<String>

  init(_ page: Page<JobRecord>) {
    jobs = page.elements.map(JobResponse.init)
    next = Nullable(page.next?.text)
  }
}

/// What an answer about another record says of its job.
struct JobReferenceResponse: Encodable, Sendable {
  let id: Int
  let jobSerial: String
  let name: String

  private enum CodingKeys: String, CodingKey {
    case id, name
    case jobSerial = "job_serial"
  }

  init(_ job: JobReference) {
    id = job.id
    jobSerial = job.serial.description
    name = job.name
  }
}
