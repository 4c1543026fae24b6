import Allocator
import HTTPTypes
import Hummingbird
import NIOCore
import PrometheusText

extension Routes {
  /// `GET /health`: the process is alive, whatever its coordinator does.
  func health() throws -> Response {
    try ResponseJSON.response(HealthResponse(status: "ok", node: dependencies.node))
  }

  /// `GET /health/ready`: the node can issue, or 503 with the reason.
  func ready() async throws -> Response {
    let issuing = dependencies.issuing
    let limit = Duration.milliseconds(limits.readMilliseconds)
    let readiness = await Deadline.within(limit) { await issuing.readiness() }
    if let problem = Problem(readiness ?? .starting("The node does not answer in time.")) {
      throw problem
    }
    return try ResponseJSON.response(HealthResponse(status: "ready", node: dependencies.node))
  }

  /// `GET /metrics`.
  func metrics() async -> Response {
    let families = dependencies.registry.families() + (await gauges.families())
    return Response(
      status: .ok, headers: [.contentType: TextFormat.contentType, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: TextFormat.write(families))))
  }

  /// `GET /openapi.yaml`.
  func openAPI() -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/yaml; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: PackageResources.openapi_yaml)))
  }
}
