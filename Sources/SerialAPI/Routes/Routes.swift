import HTTPTypes
import Hummingbird
import NIOCore
import SerialAuth
import SerialFormat

/// Serves the table of routes. What each answers stands in the extensions.
struct Routes: Sendable {
  let dependencies: APIDependencies
  let limits: APIConfiguration.Limits
  let gauges: ClusterGauges
  let gate: BodyGate

  func add(to router: Router<APIContext>) {
    for route in Route.allCases {
      router.on(RouterPath(route.template), method: route.method) { request, context in
        let sender = try await admit(request, to: route)
        let query = try QueryFields(
          route.isRoutine ? nil : request.uri.query, known: route.queryNames)
        let hasBody = route.method != .get
        let serve = { () async throws -> Response in
          try await answer(
            Call(
              route: route, headers: request.headers, context: context, sender: sender,
              query: query, body: hasBody ? try await body(of: request, for: route) : ByteBuffer()))
        }
        return hasLongBody(request, route) ? try await gate.through(serve) : try await serve()
      }
    }
  }

  /// Whether its body is one that many at once would fill the memory with: one of unknown length may be.
  private func hasLongBody(_ request: Request, _ route: Route) -> Bool {
    guard route.shape.body == .outputs else { return false }
    let length = request.headers[.contentLength].flatMap { Int($0) }
    return length.map { $0 > limits.listBodyBytes } ?? true
  }

  private func answer(_ call: Call) async throws -> Response {
    switch call.route {
    case .allocateJobs: try await allocate(.job, call)
    case .allocateTargets: try await allocate(.target, call)
    case .validateSerials: try validate(call)
    case .showSerial: try await show(call)
    case .voidSerial: try await void(call)
    case .unvoidSerial: try await unvoid(call)

    case .createJob: try await createJob(call)
    case .createJobs: try await createJobs(call)
    case .listJobs: try await listJobs(call)
    case .showJob: try await showJob(call)
    case .executeJob: try await execute(call)
    case .jobExecutions: try await jobExecutions(call)
    case .createTarget: try await createTarget(call)
    case .createTargets: try await createTargets(call)
    case .listTargets: try await listTargets(call)
    case .showTarget: try await showTarget(call)
    case .targetPerformance: try await performance(call)
    case .targetExecutions: try await targetExecutions(call)
    case .showExecution: try await showExecution(call)
    case .changeExecution: try await changeExecution(call)
    case .showBranch: try await showBranch(call)
    case .changeBranch: try await changeBranch(call)
    case .children: try await children(call)
    case .lookUp: try await lookUp(call)
    case .lookUpMany: try await lookUpMany(call)
    case .searchExecutions: try await searchExecutions(call)
    case .search: try await search(call)
    case .executionAnalytics: try await executionAnalytics(call)
    case .jobMetrics: try await jobMetrics(call)
    case .compareJobs: try await compareJobs(call)
    case .purgeOutputs: try await purgeOutputs(call)

    case .capacity: try await capacity()
    case .nodes: try await nodes()
    case .drainNode: try await drain(call)
    case .retireNode: try await retire(call)
    case .leases: try await leases()
    case .gaps: try await gaps(call.query)
    case .events: try await events(call.query)
    case .verify: try await verify()
    case .freezeCounter: try await freeze(call)
    case .reserveCounter: try await reserve(call)
    case .quotas: try await quotas()
    case .setQuota: try await setQuota(call)
    case .removeQuota: try await removeQuota(call)
    case .grants: try await grants()
    case .setGrants: try await setGrants(call)
    case .recoverGrants: try await recover(call)

    case .health: try health()
    case .ready: try await ready()
    case .metrics: await metrics()
    case .openAPI: openAPI()
    }
  }

  /// Who sent the request; nil where the route asks for no token.
  private func admit(_ request: Request, to route: Route) async throws(Problem) -> Caller? {
    guard route.access != .open else { return nil }
    let fields = request.headers[values: .authorization]
    guard let field = fields.first else { throw .noToken }
    // The scheme is matched without regard to case (RFC 9110 section 11.1).
    let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    guard parts.first?.lowercased() == "bearer" else { throw .noToken }
    guard fields.count == 1, parts.count == 2, !parts[1].contains(" ") else {
      throw .badAuthorization
    }
    let caller: Caller
    do throws(TokenError) {
      caller = try await dependencies.verifier.verify(String(parts[1]))
    } catch {
      throw Problem(error)
    }
    if case .scope(let scope) = route.access, !caller.has(scope) { throw .missing(scope) }
    return caller
  }

  /// The body of a request, when it is one that this service reads.
  ///
  /// A missing content type is taken for JSON, and so is the one that `curl -d` sends by itself:
  /// the body must be JSON in any case.
  private func body(of request: Request, for route: Route) async throws -> ByteBuffer {
    let limit = limits.bytes(route.shape.body)
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw Problem.bodyTooLarge(limitBytes: limit)
    }
    let body: ByteBuffer
    do {
      body = try await request.body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw Problem.bodyTooLarge(limitBytes: limit)
    }
    if body.readableBytes > 0, let type = request.headers[.contentType] {
      let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
      guard ["application/json", "application/x-www-form-urlencoded"].contains(media) else {
        throw Problem.wrongContentType
      }
    }
    return body
  }
}

extension APIConfiguration.Limits {
  /// The longest body of a route.
  func bytes(_ body: RouteShape.Body) -> Int {
    switch body {
    case .small: bodyBytes
    case .list: listBodyBytes
    case .outputs: outputBodyBytes
    }
  }
}
