public import SerialFormat

/// Which jobs, the newest first; nil is no condition.
public struct JobFilter: Sendable, Equatable {
  public var status: JobStatus?
  public var jobType: JobType?
  /// Only names that contain this, whatever the case.
  public var name: String?

  public init(status: JobStatus? = nil, jobType: JobType? = nil, name: String? = nil) {
    self.status = status
    self.jobType = jobType
    self.name = name
  }
}

/// Which targets, the newest first; nil is no condition.
public struct TargetFilter: Sendable, Equatable {
  public var osType: String?
  public var environment: String?
  public var region: String?
  public var status: String?
  public var isActive: Bool?
  /// Only names that contain this, whatever the case.
  public var name: String?

  public init(
    osType: String? = nil, environment: String? = nil, region: String? = nil,
    status: String? = nil, isActive: Bool? = nil, name: String? = nil
  ) {
    self.osType = osType
    self.environment = environment
    self.region = region
    self.status = status
    self.isActive = isActive
    self.name = name
  }
}

extension SerialClient {
  public func jobs(
    _ filter: JobFilter = JobFilter(), pageSize: Int = 100, _ options: CallOptions = CallOptions()
  ) -> Pages<JobRecord> {
    struct Body: Decodable {
      let jobs: [JobRecord]
      let next: PageCursor?
    }
    let query = [
      ("status", filter.status?.rawValue), ("job_type", filter.jobType?.rawValue),
      ("name", filter.name),
    ]
    return pages("/api/jobs", query, pageSize, options) { (body: Body) in
      Page(elements: body.jobs, next: body.next)
    }
  }

  public func targets(
    _ filter: TargetFilter = TargetFilter(), pageSize: Int = 100,
    _ options: CallOptions = CallOptions()
  ) -> Pages<TargetRecord> {
    struct Body: Decodable {
      let targets: [TargetRecord]
      let next: PageCursor?
    }
    let query = [
      ("os_type", filter.osType), ("environment", filter.environment), ("region", filter.region),
      ("status", filter.status), ("is_active", filter.isActive.map { String($0) }),
      ("name", filter.name),
    ]
    return pages("/api/targets", query, pageSize, options) { (body: Body) in
      Page(elements: body.targets, next: body.next)
    }
  }

  /// The executions of a job, by number.
  public func children(
    of job: JobSerial, pageSize: Int = 1_000, _ options: CallOptions = CallOptions()
  ) -> Pages<ExecutionRecord> { children(of: job.description, pageSize, options) }

  /// The branches of an execution, by number, with the beginnings of long outputs.
  public func children(
    of execution: ExecutionSerial, pageSize: Int = 1_000, _ options: CallOptions = CallOptions()
  ) -> Pages<BranchRecord> { children(of: execution.description, pageSize, options) }

  /// What begins with a serial's text, or is named so: jobs, targets, executions and branches.
  public func search(
    _ text: String, kind: SerialKind? = nil, pageSize: Int = 100,
    _ options: CallOptions = CallOptions()
  ) -> Pages<SearchHit> {
    struct Body: Decodable {
      let results: [SearchHit]
      let next: PageCursor?
    }
    let query = [("q", text), ("type", kind?.rawValue ?? "all")]
    return pages("/api/search", query, pageSize, options) { (body: Body) in
      Page(elements: body.results, next: body.next)
    }
  }

  private func children<Child: Decodable & Sendable>(
    of parent: String, _ pageSize: Int, _ options: CallOptions
  ) -> Pages<Child> {
    pages("/api/executions/\(parent)/children", [], pageSize, options) {
      (body: ChildrenBody<Child>) in Page(elements: body.children, next: body.next)
    }
  }

  private func pages<Body: Decodable & Sendable, Element: Sendable>(
    _ path: String, _ query: [(String, String?)], _ pageSize: Int, _ options: CallOptions,
    _ page: @escaping @Sendable (Body) -> Page<Element>
  ) -> Pages<Element> {
    Pages { cursor throws(SerialClientError) in
      let place = [("limit", String(pageSize)), ("after", cursor?.text)]
      let body: Body = try await self.run(.get(path, query + place), options)
      return page(body)
    }
  }
}

private struct ChildrenBody<Child: Decodable & Sendable>: Decodable, Sendable {
  let children: [Child]
  let next: PageCursor?
}
