public import Allocator
public import Logging
public import PrometheusText
public import SerialAuth

/// What the interface stands on.
public struct APIDependencies: Sendable {
  /// The name of this node.
  public let node: String
  public let issuing: any SerialIssuing
  public let cluster: any ClusterReading
  public let verifier: TokenVerifier
  /// Where the metrics of the process are kept, and where those of the requests go.
  public let registry: Registry
  public let logger: Logger

  public init(
    node: String, issuing: any SerialIssuing, cluster: any ClusterReading,
    verifier: TokenVerifier, registry: Registry, logger: Logger
  ) {
    self.node = node
    self.issuing = issuing
    self.cluster = cluster
    self.verifier = verifier
    self.registry = registry
    self.logger = logger
  }
}
