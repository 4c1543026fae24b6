import HTTPTypes
import SerialAuth

/// What a route is: a line of the table of routes.
struct RouteShape: Sendable {
  /// What a request needs to be served.
  enum Access: Sendable, Equatable {
    case open
    /// A valid token, whatever its scopes: the answer tells nothing about this cluster.
    case anyToken
    case scope(Scope)
  }

  /// How long a body may be.
  enum Body: Sendable, Equatable {
    case small
    /// A list of up to thousands of entries.
    case list
    /// The outputs of a result.
    case outputs
  }

  let method: HTTPRequest.Method
  let template: String
  let access: Access
  var queryNames: [String] = []
  var body = Body.small

  private init(
    _ method: HTTPRequest.Method, _ template: String, _ access: Access, query: [String] = [],
    body: Body = .small
  ) {
    self.method = method
    self.template = template
    self.access = access
    queryNames = query
    self.body = body
  }

  static func get(_ template: String, _ scope: Scope, _ query: String...) -> RouteShape {
    RouteShape(.get, template, .scope(scope), query: query)
  }

  static func post(_ template: String, _ scope: Scope, body: Body = .small) -> RouteShape {
    RouteShape(.post, template, .scope(scope), body: body)
  }

  static func put(_ template: String) -> RouteShape {
    RouteShape(.put, template, .scope(.administerCluster))
  }

  static func delete(_ template: String) -> RouteShape {
    RouteShape(.delete, template, .scope(.administerCluster))
  }

  static func patch(_ template: String, body: Body = .small) -> RouteShape {
    RouteShape(.patch, template, .scope(.writeRecords), body: body)
  }

  /// A route without a token.
  static func open(_ template: String) -> RouteShape { RouteShape(.get, template, .open) }

  /// A route with any token.
  static func ask(_ template: String) -> RouteShape { RouteShape(.post, template, .anyToken) }
}

extension Route {
  var shape: RouteShape {
    switch self {
    case .allocateJobs: .post("/api/serials/jobs", .allocateSerials)
    case .allocateTargets: .post("/api/serials/targets", .allocateSerials)
    case .validateSerials: .ask("/api/serials/validate")
    case .showSerial: .get("/api/serials/{serial}", .readRecords)
    case .voidSerial: .post("/api/serials/{serial}/void", .administerCluster)
    case .unvoidSerial: .post("/api/serials/{serial}/unvoid", .administerCluster)

    case .createJob: .post("/api/jobs", .writeRecords)
    case .createJobs: .post("/api/jobs/bulk", .writeRecords, body: .list)
    case .listJobs:
      .get(
        "/api/jobs", .readRecords, "status", "job_type", "name", "sort", "order", "limit", "after")
    case .showJob: .get("/api/jobs/{job}", .readRecords)
    case .executeJob: .post("/api/jobs/{job}/execute", .writeRecords, body: .list)
    case .jobExecutions:
      .get("/api/jobs/{job}/executions", .readRecords, "status", "order", "limit", "after")
    case .createTarget: .post("/api/targets", .writeRecords)
    case .createTargets: .post("/api/targets/bulk", .writeRecords, body: .list)
    case .listTargets:
      .get(
        "/api/targets", .readRecords, "os_type", "environment", "region", "status", "is_active",
        "name", "sort", "order", "limit", "after")
    case .showTarget: .get("/api/targets/{target}", .readRecords)
    case .targetPerformance:
      .get("/api/targets/{target}/performance", .readRecords, "days")
    case .targetExecutions:
      .get("/api/targets/{target}/executions", .readRecords, "limit", "offset")

    case .showExecution:
      .get("/api/executions/serial/{execution_serial}", .readRecords, "limit", "after")
    case .changeExecution: .patch("/api/executions/{serial}")
    case .showBranch: .get("/api/executions/branch/{branch_serial}", .readRecords)
    case .changeBranch: .patch("/api/executions/branch/{branch_serial}", body: .outputs)
    case .children: .get("/api/executions/{serial}/children", .readRecords, "limit", "after")
    case .lookUp: .get("/api/executions/bulk", .readRecords, "serials")
    case .lookUpMany: .post("/api/executions/bulk", .readRecords, body: .list)
    case .searchExecutions:
      .get("/api/executions/search", .readRecords, "q", "type", "limit", "after")
    case .search: .get("/api/search", .readRecords, "q", "type", "limit", "after")
    case .executionAnalytics:
      .get("/api/analytics/executions", .readRecords, "period", "group_by")
    case .jobMetrics: .get("/api/analytics/jobs/{job_serial}/metrics", .readRecords, "period")
    case .compareJobs: .get("/api/analytics/compare", .readRecords, "jobs", "period")
    case .purgeOutputs: .post("/api/outputs/purge", .administerCluster)

    case .capacity: .get("/api/capacity", .readCluster)
    case .nodes: .get("/api/nodes", .readCluster)
    case .drainNode: .post("/api/nodes/{node}/drain", .administerCluster)
    case .retireNode: .post("/api/nodes/{node}/retire", .administerCluster)
    case .leases: .get("/api/leases", .readCluster)
    case .gaps: .get("/api/gaps", .readCluster, "kind", "year", "after", "limit")
    case .events: .get("/api/events", .readCluster, "after", "limit", "event", "node")
    case .verify: .get("/api/verify", .readCluster)
    case .freezeCounter: .put("/api/counters/{kind}/{year}/frozen")
    case .reserveCounter: .put("/api/counters/{kind}/{year}/reserve")
    case .quotas: .get("/api/quotas", .readCluster)
    case .setQuota: .put("/api/quotas/{subject}")
    case .removeQuota: .delete("/api/quotas/{subject}")
    case .grants: .get("/api/grants", .readCluster)
    case .setGrants: .put("/api/grants")
    case .recoverGrants: .post("/api/grants/recover", .administerCluster)

    case .health: .open("/health")
    case .ready: .open("/health/ready")
    case .metrics: .open("/metrics")
    case .openAPI: .open("/openapi.yaml")
    }
  }
}
