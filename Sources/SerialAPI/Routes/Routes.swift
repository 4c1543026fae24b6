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

  func add(to router: Router<APIContext>) {
    for route in Route.allCases {
      router.on(RouterPath(route.template), method: route.method) { request, context in
        try await answer(route, request, context)
      }
    }
  }

  private func answer(
    _ route: Route, _ request: Request, _ context: APIContext
  ) async throws -> Response {
    let caller = try await admit(request, to: route)
    let query = try QueryFields(
      route.isRoutine ? nil : request.uri.query, known: route.queryNames)
    switch route {
    case .allocateJobs, .allocateTargets:
      return try await allocate(route, request, context, caller)
    case .validateSerials: return try await validate(request)
    case .showSerial: return try await show(context)
    case .capacity: return try await capacity()
    case .nodes: return try await nodes()
    case .leases: return try await leases()
    case .gaps: return try await gaps(query)
    case .events: return try await events(query)
    case .verify: return try await verify()
    case .quotas: return try await quotas()
    case .grants: return try await grants()
    case .voidSerial, .unvoidSerial, .drainNode, .retireNode, .freezeCounter, .reserveCounter,
      .setQuota, .removeQuota, .setGrants, .recoverGrants:
      guard let caller else { throw Problem.noToken }
      return try await operate(
        route, Operation(body: try await body(of: request), context: context, caller: caller))
    case .health: return try health()
    case .ready: return try await ready()
    case .metrics: return await metrics()
    case .openAPI: return openAPI()
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
  func body(of request: Request) async throws -> ByteBuffer {
    let limit = limits.bodyBytes
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
