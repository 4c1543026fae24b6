public import Allocator
public import Foundation
public import Logging
public import PrometheusText
public import Records
public import SerialAuth

/// What the interface stands on.
public struct APIDependencies: Sendable {
  /// The name of this node.
  public let node: String
  public let issuing: any SerialIssuing
  public let cluster: any ClusterReading
  public let operating: any ClusterOperating
  public let records: any RecordReading
  public let writing: any RecordWriting
  public let verifier: TokenVerifier
  /// Where the metrics of the process are kept, and where those of the requests go.
  public let registry: Registry
  public let logger: Logger
  /// This node's clock. Forecasts count from it, and nothing else does.
  public let now: @Sendable () -> Date

  public init(
    node: String, issuing: any SerialIssuing, cluster: any ClusterReading,
    operating: any ClusterOperating, records: any RecordReading, writing: any RecordWriting,
    verifier: TokenVerifier, registry: Registry, logger: Logger,
    now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.node = node
    self.issuing = issuing
    self.cluster = cluster
    self.operating = operating
    self.records = records
    self.writing = writing
    self.verifier = verifier
    self.registry = registry
    self.logger = logger
    self.now = now
  }
}
