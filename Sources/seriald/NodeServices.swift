import Allocator
import Coordinator
import Foundation
import LeaseCore
import LibPQ
import Logging
import Metrics
import PrometheusText
import SerialAPI
import SerialAuth
import ServiceLifecycle
import UnixSignals

/// The parts of a node, put together. They are shut down in the reverse of the order in which they
/// are started: the interface, then the allocator, then the connections.
struct NodeServices {
  /// What a call may take beyond the server's own limit, in milliseconds.
  static let callMarginMilliseconds = 1_000
  /// Connections of their own for what only reads, so that it never delays a commit.
  static let readingConnections = 2

  let configuration: NodeConfiguration
  let logger: Logger

  init(_ configuration: NodeConfiguration) {
    self.configuration = configuration
    LoggingSystem.bootstrap(StreamLogHandler.standardError(label:))
    var logger = Logger(label: "seriald")
    logger.logLevel = configuration.logLevel
    logger[metadataKey: "node"] = "\(configuration.node)"
    self.logger = logger
  }

  /// Runs the node until it is told to shut down.
  func run() async throws {
    let registry = Registry(catalogue: MetricsCatalogue.node)
    MetricsSystem.bootstrap(PrometheusMetricsFactory(registry: registry))
    let options = try connectionOptions()
    let writing = pool(options, size: configuration.connections)
    let reading = pool(options, size: Self.readingConnections)
    let callMilliseconds = configuration.statementMilliseconds + Self.callMarginMilliseconds
    let identity = SessionIdentity(
      bootID: BootID(UUID()), timeToLiveMilliseconds: configuration.leaseMilliseconds,
      requiresStandby: configuration.requiresStandby)
    let allocator = Allocator(
      settings: allocatorSettings(),
      coordinator: PostgresCoordinator(
        pool: writing, identity: identity, callMilliseconds: callMilliseconds),
      logger: logger)
    let cluster = PostgresReading(pool: reading, callMilliseconds: callMilliseconds)
    let interface = try SerialAPI.makeApplication(
      APIDependencies(
        node: configuration.node, issuing: allocator, cluster: cluster,
        verifier: try await verifier(), registry: registry, logger: logger),
      configuration: apiConfiguration())

    let schema = SchemaGate(
      pool: writing, cluster: cluster, node: configuration.node, region: configuration.region,
      callMilliseconds: callMilliseconds)
    logger.info("starting", metadata: ["boot": "\(identity.bootID)"])
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(service: PoolService(pool: reading)),
          .init(service: PoolService(pool: writing)),
          .init(
            service: AllocatorService(
              allocator: allocator, schema: schema,
              drainMilliseconds: configuration.drainMilliseconds, logger: logger)),
          .init(service: interface),
        ],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
    logger.info("stopped")
  }

  private func connectionOptions() throws(ConfigurationError) -> ConnectionOptions {
    let options: ConnectionOptions
    do throws(LibPQError) {
      options = try ConnectionOptions(parsing: configuration.databaseURL)
    } catch {
      throw ConfigurationError(["SERIAL_DATABASE_URL is not good: \(error.explanation)"])
    }
    guard options.user == configuration.node else {
      throw ConfigurationError([
        "SERIAL_DATABASE_URL logs in as \(options.user) and SERIAL_NODE_NAME is "
          + "\(configuration.node): the node's role has the node's name"
      ])
    }
    return options
  }

  private func pool(_ options: ConnectionOptions, size: Int) -> ConnectionPool {
    ConnectionPool(
      options: options,
      limits: SessionLimits(
        applicationName: "seriald \(configuration.node)",
        statementTimeoutMilliseconds: configuration.statementMilliseconds,
        lockTimeoutMilliseconds: configuration.lockMilliseconds,
        clientMarginMilliseconds: Self.callMarginMilliseconds),
      configuration: ConnectionPool.Configuration(size: size), logger: logger)
  }

  private func allocatorSettings() -> AllocatorSettings {
    AllocatorSettings(
      node: configuration.node,
      machine: LeaseMachine.Settings(
        timeToLiveMilliseconds: configuration.leaseMilliseconds, sizing: configuration.sizing),
      requestDeadlineMilliseconds: configuration.requestMilliseconds)
  }

  private func apiConfiguration() -> APIConfiguration {
    var limits = APIConfiguration.Limits()
    limits.bodyBytes = configuration.bodyBytes
    limits.headMilliseconds = configuration.readMilliseconds
    limits.bodyMilliseconds = configuration.readMilliseconds
    limits.shutdownMilliseconds = configuration.drainMilliseconds
    let tls = configuration.certificatePath.flatMap { certificate in
      configuration.keyPath.map {
        APIConfiguration.TLSFiles(certificateChainPath: certificate, privateKeyPath: $0)
      }
    }
    return APIConfiguration(
      host: configuration.host, port: configuration.port, tls: tls, limits: limits)
  }

  private func verifier() async throws(ConfigurationError) -> TokenVerifier {
    let rules = TokenRules(audience: configuration.audience)
    do {
      if case .jwksFile(let path) = configuration.tokens {
        let logger = logger
        return try await TokenVerifier.withKeyFile(path, rules: rules) { event in
          logger.info("token keys", metadata: ["event": "\(event)"])
        }
      }
      return try await TokenVerifier.withSecret(
        TokenSecret(try configuration.secret() ?? ""), rules: rules)
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError(["the keys of tokens are not good: \(error)"])
    }
  }
}
