/// Where a cluster is and how patient the client is.
public struct ClientConfiguration: Sendable, Equatable {
  /// Base addresses of the nodes, such as `https://eu-1.example:7801`, the nearest first: it is
  /// asked first while it serves.
  public var nodes: [String]
  /// Path of a PEM file with the authorities that `https` nodes are checked with; nil for those of
  /// the system. Certificates and host names are always checked.
  public var certificateAuthorityFile: String?
  /// How long a call may take with everything that is repeated in it, unless the call says it.
  public var deadline: Duration
  public var connectTimeout: Duration
  /// Larger answers are refused. The largest that a node makes is one branch with whole outputs.
  public var largestAnswerBytes: Int
  public var retry: RetryPolicy

  public init(
    nodes: [String], certificateAuthorityFile: String? = nil, deadline: Duration = .seconds(30),
    connectTimeout: Duration = .seconds(3), largestAnswerBytes: Int = 40 * 1024 * 1024,
    retry: RetryPolicy = RetryPolicy()
  ) {
    self.nodes = nodes
    self.certificateAuthorityFile = certificateAuthorityFile
    self.deadline = deadline
    self.connectTimeout = connectTimeout
    self.largestAnswerBytes = largestAnswerBytes
    self.retry = retry
  }
}

/// What one call does otherwise than the configuration says.
public struct CallOptions: Sendable, Equatable {
  /// Makes a creating call repeatable: 1...200 bytes without control characters. For 24 hours the
  /// same key with the same request gives the same answer, from any node. Without one the client
  /// makes one for each call, which `SerialClientError.idempotencyKey` tells when it is needed.
  public var idempotencyKey: String?
  /// How long the call may take with everything that is repeated in it.
  public var deadline: Duration?

  public init(idempotencyKey: String? = nil, deadline: Duration? = nil) {
    self.idempotencyKey = idempotencyKey
    self.deadline = deadline
  }
}
