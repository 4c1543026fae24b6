import HTTPTypes
import Hummingbird
import LeaseCore
import Logging

/// Names each request to its client, counts it, and writes one line about it into the log.
struct AccessMiddleware: RouterMiddleware {
  typealias Context = APIContext

  static let requestIDName = HTTPField.Name("X-Request-Id")

  let metrics: RequestMetrics

  func handle(
    _ request: Request, context: APIContext,
    next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    var response = try await next(request, context)
    let duration = ContinuousClock.now - start
    // Said here and not only on the event loop, which learns it after the next request is begun.
    if response.headers[.connection] == "close" { context.presence?.endAfterAnswer() }
    if let name = Self.requestIDName { response.headers[name] = context.requestID.description }
    let route = Route.matching(request.uri.path).first
    metrics.record(
      route: route, method: request.method, status: response.status, duration: duration)
    context.logger.log(
      level: route?.isRoutine == true ? .debug : .info, "request",
      metadata: [
        "route": .string(route?.template ?? RequestMetrics.unknownRoute),
        "method": .string(RequestMetrics.label(request.method)),
        "status": .stringConvertible(response.status.code),
        "duration_ms": .stringConvertible(Double(duration.microseconds) / 1000),
      ])
    return response
  }
}

extension Duration {
  /// Whole microseconds.
  var microseconds: Int64 {
    components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
  }
}
