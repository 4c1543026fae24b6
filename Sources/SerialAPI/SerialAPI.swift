import HTTPTypes
public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// The node's interface (design section 8): HTTP/1.1, JSON, bearer tokens, problem documents.
public enum SerialAPI {
  /// The router with every route, for a server of one's own and for tests.
  public static func makeRouter(
    _ dependencies: APIDependencies, limits: APIConfiguration.Limits = .init()
  ) -> Router<APIContext> {
    makeRouter(dependencies, limits, RequestMetrics(registry: dependencies.registry))
  }

  /// The server, as a service: it runs until it is told to shut down gracefully, then takes no more
  /// connections, answers what is in flight within `limits.shutdownMilliseconds`, and ends.
  ///
  /// `onListening` hears the port once connections are taken. Throws an `APIConfigurationError`
  /// when certificate or key cannot be used.
  public static func makeApplication(
    _ dependencies: APIDependencies, configuration: APIConfiguration,
    onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) throws(APIConfigurationError) -> Application<RouterResponder<APIContext>> {
    let limits = configuration.limits
    let metrics = RequestMetrics(registry: dependencies.registry)
    let logger = dependencies.logger
    let plain = HTTPServerBuilder { responder in
      NodeChannel(responder: responder, limits: limits) { problem in
        metrics.recordRefusal(status: problem.status)
        logger.debug(
          "request refused", metadata: ["status": .stringConvertible(problem.status.code)])
      }
    }
    return Application(
      router: makeRouter(dependencies, limits, metrics),
      server: try server(plain, configuration.tls),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port),
        availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
      onServerRunning: { channel in
        await onListening(channel.localAddress?.port ?? configuration.port)
      },
      logger: logger)
  }

  private static func server(
    _ plain: HTTPServerBuilder, _ files: APIConfiguration.TLSFiles?
  ) throws(APIConfigurationError) -> HTTPServerBuilder {
    guard let files else { return plain }
    let tls = try files.tlsConfiguration()
    do {
      return try .tls(plain, tlsConfiguration: tls)
    } catch {
      throw APIConfigurationError(code: .mismatch, detail: "TLS cannot be set up.")
    }
  }

  private static func makeRouter(
    _ dependencies: APIDependencies, _ limits: APIConfiguration.Limits, _ metrics: RequestMetrics
  ) -> Router<APIContext> {
    let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: AccessMiddleware(metrics: metrics))
    router.add(middleware: ProblemMiddleware())
    let gauges = ClusterGauges(
      cluster: dependencies.cluster, limit: .milliseconds(limits.readMilliseconds),
      date: dependencies.now)
    Routes(
      dependencies: dependencies, limits: limits, gauges: gauges,
      gate: BodyGate(places: limits.longBodies)
    ).add(to: router)
    return router
  }
}
