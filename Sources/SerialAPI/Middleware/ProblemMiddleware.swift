import HTTPTypes
import Hummingbird
import Logging

/// Turns everything that is thrown into a problem document.
struct ProblemMiddleware: RouterMiddleware {
  typealias Context = APIContext

  func handle(
    _ request: Request, context: APIContext,
    next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let problem as Problem {
      return problem.response
    } catch let error as any HTTPResponseError where error.status == .notFound {
      // Only the router throws it: no template fits, or the method does not.
      let routes = Route.matching(request.uri.path)
      // A word of a longer template may stand where another template has a parameter.
      guard !routes.isEmpty, !routes.contains(where: { $0.method == request.method }) else {
        return Problem.unknownRoute(request.uri.path).response
      }
      return Problem.wrongMethod(allowed: Route.allowed(routes)).response
    } catch {
      // What it was is for the log alone.
      context.logger.error(
        "request failed", metadata: ["error": .string(String(reflecting: error))])
      return Problem(
        .internalError,
        "This node failed to answer. Its log names the request \(context.requestID)."
      ).response
    }
  }
}
