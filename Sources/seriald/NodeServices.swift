import Allocator
import Coordinator
import Foundation
import GrantJournal
import LeaseCore
import LibPQ
import Logging
import Metrics
import PrometheusText
import Registry
import SerialAPI
import SerialAuth
import ServiceLifecycle
import UnixSignals

/// The parts of a node, put together. They are shut down in the reverse of the order in which they
/// are started: the interface, then the allocator, then the connections, then the journal.
struct NodeServices {
  /// What a call may take beyond the server's own limit, in milliseconds.
  static let callMarginMilliseconds = 1_000
  /// Connections of their own for what only reads, so that it never delays a commit.
  static let readingConnections = 2
  /// What a statement that only reads, or that an operator sends, may take, kept by the server: gaps
  /// and verify go over everything that was issued.
  static let readingMilliseconds = 20_000

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
    let writing = pool(
      options, size: configuration.connections,
      statementMilliseconds: configuration.statementMilliseconds)
    let reading = pool(
      options, size: Self.readingConnections, statementMilliseconds: Self.readingMilliseconds)
    let records = pool(
      options, size: configuration.recordConnections,
      statementMilliseconds: Self.readingMilliseconds)
    let callMilliseconds = configuration.statementMilliseconds + Self.callMarginMilliseconds
    let identity = SessionIdentity(
      bootID: BootID(UUID()), timeToLiveMilliseconds: configuration.leaseMilliseconds,
      requiresStandby: configuration.requiresStandby)
    let verifier = try await self.verifier()
    let journal = try await openJournal(boot: identity.bootID)
    let allocator = Allocator(
      settings: allocatorSettings(boot: identity.bootID),
      coordinator: PostgresCoordinator(
        pool: writing, identity: identity, callMilliseconds: callMilliseconds),
      journal: journal, logger: logger)
    let readingCallMilliseconds = Self.readingMilliseconds + Self.callMarginMilliseconds
    let cluster = PostgresReading(pool: reading, callMilliseconds: readingCallMilliseconds)
    let interface = try SerialAPI.makeApplication(
      APIDependencies(
        node: configuration.node, issuing: allocator, cluster: cluster,
        operating: PostgresOperating(pool: reading, callMilliseconds: readingCallMilliseconds),
        records: PostgresRecordReading(
          pool: records, callMilliseconds: readingCallMilliseconds),
        writing: PostgresRecordWriting(
          pool: records, callMilliseconds: readingCallMilliseconds),
        verifier: verifier, registry: registry, logger: logger),
      configuration: apiConfiguration())

    let schema = SchemaGate(
      pool: writing, cluster: cluster, node: configuration.node, region: configuration.region,
      callMilliseconds: callMilliseconds)
    logger.info("starting", metadata: ["boot": "\(identity.bootID)"])
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [
          .init(service: JournalService(journal: journal, logger: logger)),
          .init(service: PoolService(pool: reading)),
          .init(service: PoolService(pool: records)),
          .init(service: PoolService(pool: writing)),
          .init(
            service: HintService(
              allocator: allocator, options: options,
              limits: sessionLimits(configuration.statementMilliseconds),
              logger: logger)),
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

  private func pool(
    _ options: ConnectionOptions, size: Int, statementMilliseconds: Int
  ) -> ConnectionPool {
    ConnectionPool(
      options: options, limits: sessionLimits(statementMilliseconds),
      configuration: ConnectionPool.Configuration(size: size), logger: logger)
  }

  private func sessionLimits(_ statementMilliseconds: Int) -> SessionLimits {
    SessionLimits(
      applicationName: "seriald \(configuration.node)",
      statementTimeoutMilliseconds: statementMilliseconds,
      lockTimeoutMilliseconds: configuration.lockMilliseconds,
      clientMarginMilliseconds: Self.callMarginMilliseconds)
  }

  /// Before anything connects: nothing may be granted that would not be remembered.
  private func openJournal(boot: BootID) async throws -> FileJournal {
    do throws(JournalError) {
      return try await FileJournal.open(
        FileJournal.Settings(directory: configuration.journalDirectory, boot: boot))
    } catch {
      throw CommandFailure(description: "\(error.detail) (SERIAL_JOURNAL_DIRECTORY)")
    }
  }

  private func allocatorSettings(boot: BootID) -> AllocatorSettings {
    AllocatorSettings(
      node: configuration.node,
      machine: LeaseMachine.Settings(
        timeToLiveMilliseconds: configuration.leaseMilliseconds, sizing: configuration.sizing,
        commitAhead: configuration.commitAhead),
      requestDeadlineMilliseconds: configuration.requestMilliseconds, boot: boot)
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
