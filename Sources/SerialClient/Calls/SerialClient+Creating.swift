public import Foundation
public import SerialFormat

/// How a call names a job.
public enum JobName: Sendable, Equatable {
  case serial(JobSerial)
  /// The id of its row.
  case id(Int)
  /// What it was called before the installation was migrated, such as `JOB-2025-000001`.
  case formerly(String)

  var text: String {
    switch self {
    case .serial(let serial): serial.description
    case .id(let id): String(id)
    case .formerly(let text): URLText.escaped(text)
    }
  }
}

/// An execution that was just created.
public typealias CreatedExecution = ExecutionDetail

extension SerialClient {
  public func createJob(_ draft: JobDraft, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> JobRecord
  { try await run(.json(.post, "/api/jobs", draft, effect: .create), options) }

  /// 1...1,000 jobs, all or none, in the order given.
  public func createJobs(_ drafts: [JobDraft], _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> [JobRecord]
  {
    struct Body: Decodable { let jobs: [JobRecord] }
    let call = try ClientCall.json(.post, "/api/jobs/bulk", ["jobs": drafts], effect: .create)
    return try await run(call, options, as: Body.self).jobs
  }

  public func createTarget(_ draft: TargetDraft, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> TargetRecord
  { try await run(.json(.post, "/api/targets", draft, effect: .create), options) }

  /// 1...1,000 targets, all or none, in the order given.
  public func createTargets(_ drafts: [TargetDraft], _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> [TargetRecord]
  {
    struct Body: Decodable { let targets: [TargetRecord] }
    let call = try ClientCall.json(
      .post, "/api/targets/bulk", ["targets": drafts], effect: .create)
    return try await run(call, options, as: Body.self).targets
  }

  /// Creates an execution of a job with one branch for each target, in that order; a target may
  /// stand in it twice. 1...9,999 targets, all or none.
  public func execute(
    _ job: JobSerial, on targets: [TargetSerial], scheduledAt: Date? = nil,
    _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> CreatedExecution {
    try await execute(.serial(job), on: targets, scheduledAt: scheduledAt, options)
  }

  public func execute(
    _ job: JobName, on targets: [TargetSerial], scheduledAt: Date? = nil,
    _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> CreatedExecution {
    let body = ExecuteBody(targetSerials: targets, targetIDs: nil, scheduledAt: scheduledAt)
    return try await execute(job, body, options)
  }

  /// The same with the ids of the targets' rows.
  public func execute(
    _ job: JobName, onTargetIDs targets: [Int], scheduledAt: Date? = nil,
    _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> CreatedExecution {
    let body = ExecuteBody(targetSerials: nil, targetIDs: targets, scheduledAt: scheduledAt)
    return try await execute(job, body, options)
  }

  private struct ExecuteBody: Encodable {
    let targetSerials: [TargetSerial]?
    let targetIDs: [Int]?
    let scheduledAt: Date?

    private enum CodingKeys: String, CodingKey {
      case targetSerials = "target_serials"
      case targetIDs = "target_ids"
      case scheduledAt = "scheduled_at"
    }
  }

  private func execute(_ job: JobName, _ body: ExecuteBody, _ options: CallOptions)
    async throws(SerialClientError) -> CreatedExecution
  { try await run(.json(.post, "/api/jobs/\(job.text)/execute", body, effect: .create), options) }
}
