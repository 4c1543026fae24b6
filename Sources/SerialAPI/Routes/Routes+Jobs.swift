import Allocator
import HTTPTypes
import Hummingbird
import LeaseCore
import Records
import SerialFormat

extension Routes {
  /// `POST /api/jobs`.
  func createJob(_ call: Call) async throws -> Response {
    let made = try await createJobs([try JobRequest(call.body)], call)
    return try created(
      JobResponse(made.records[0]), at: "/api/jobs/\(made.records[0].serial)",
      isReplay: made.isReplay)
  }

  /// `POST /api/jobs/bulk`.
  func createJobs(_ call: Call) async throws -> Response {
    let made = try await createJobs(try JobsRequest(call.body).jobs, call)
    return try created(
      CreatedJobsResponse(jobs: made.records.map(JobResponse.init)), isReplay: made.isReplay)
  }

  private func createJobs(_ wishes: [JobRequest], _ call: Call) async throws
    -> Created<JobRecord>
  {
    try await create(.job, wishes, call) { records, serials throws(CoordinatorError) in
      try await records.jobs(serials.compactMap(JobSerial.init(of:)))
    }
  }

  /// `GET /api/jobs`.
  func listJobs(_ call: Call) async throws -> Response {
    let query = try JobQuery(call.query)
    let page = try await scanRecords { records throws(CoordinatorError) in
      try await records.jobs(query)
    }
    return try ResponseJSON.response(JobsResponse(page))
  }

  /// `GET /api/jobs/{job}`.
  func showJob(_ call: Call) async throws -> Response {
    try ResponseJSON.response(JobResponse(try await job(call)))
  }

  /// `GET /api/jobs/{job}/executions`.
  func jobExecutions(_ call: Call) async throws -> Response {
    let query = try ChildQuery.executions(call.query)
    let job = try await job(call)
    let page = try await records { records throws(CoordinatorError) in
      try await records.executions(of: job.serial, query)
    }
    return try ResponseJSON.response(JobExecutionsResponse(job.serial, page))
  }

  /// The job that `{job}` names: by serial, id or old identifier.
  private func job(_ call: Call) async throws(Problem) -> JobRecord {
    let text = try call.path.name("job", as: .job)
    guard let id = RequestedName.id(text) else {
      return try await find(text, as: JobSerial.self) { records, serial throws(CoordinatorError) in
        try await records.job(.serial(serial))
      }
    }
    let job = try await records { records throws(CoordinatorError) in
      try await records.job(.id(id))
    }
    guard let job else { throw .notFound(.job, text) }
    return job
  }

  /// `POST /api/jobs/{job}/execute`.
  func execute(_ call: Call) async throws -> Response {
    let text = try call.path.name("job", as: .job)
    let wish = try ExecuteRequest(call.body)
    let job: JobName =
      if let id = RequestedName.id(text) {
        .id(id)
      } else {
        .serial(try await resolve(text, as: JobSerial.self))
      }
    let targets: TargetList =
      switch wish.targets {
      case .ids(let ids): .ids(ids)
      case .serials(let texts):
        .serials(try await resolve(texts, as: TargetSerial.self))
      }
    let key = try RequestedKey.read(
      call, digest: try ExecutionDigest(job, targets, wish.scheduledAt).text)
    // What comes after the connection's last answer would have none.
    guard call.context.presence?.isEnding != true else { throw Problem.connectionEnds }
    let draft = ExecutionDraft(
      job: job, targets: targets, scheduledAt: wish.scheduledAt, subject: try call.subject,
      key: key.map { key in
        ExecutionDraft.Key(key: key.key, route: key.route, requestHash: key.requestHash)
      })
    let writing = dependencies.writing
    let outcome = try await ask(
      withinMilliseconds: limits.operateMilliseconds, for: .creation(hasKey: key != nil)
    ) { () async throws(CoordinatorError) in try await writing.createExecution(draft) }
    switch outcome {
    case .created(let serial, let isReplay):
      return try await shown(serial, isReplay: isReplay, call)
    case .unknownJob: throw Problem.notFound(.job, text)
    case .unknownTarget(let target): throw Problem.notFound(.target, target)
    case .jobIsFull(let job): throw Problem.isFull(job)
    case .executionIsFull(let execution): throw Problem.isFull(execution)
    case .keyReused: throw Problem.keyReused
    }
  }

  private func shown(
    _ serial: ExecutionSerial, isReplay: Bool, _ call: Call
  ) async throws -> Response {
    let details = try await readBack(.execution, [.execution(serial)], as: call) {
      records throws(CoordinatorError) -> [ExecutionDetailResponse] in
      guard let execution = try await records.execution(serial) else { return [] }
      let page = try await records.branches(of: serial, ChildQuery(limit: ChildQuery.branches))
      return [ExecutionDetailResponse(execution, page)]
    }
    return try created(
      details[0], at: "/api/executions/serial/\(serial)", isReplay: isReplay)
  }
}
