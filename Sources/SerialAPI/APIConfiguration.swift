/// Where and how the interface listens.
public struct APIConfiguration: Sendable, Equatable {
  /// The name or address to listen on.
  public var host: String
  /// 0 lets the system choose one.
  public var port: Int
  /// Nil serves plain HTTP, which is for loopback only (design section 8).
  public var tls: TLSFiles?
  public var limits: Limits

  public init(
    host: String = "127.0.0.1", port: Int = 7801, tls: TLSFiles? = nil, limits: Limits = Limits()
  ) {
    self.host = host
    self.port = port
    self.tls = tls
    self.limits = limits
  }

  /// Files in PEM for TLS.
  public struct TLSFiles: Sendable, Equatable {
    /// The node's certificate first, then those between it and the authority.
    public var certificateChainPath: String
    public var privateKeyPath: String

    public init(certificateChainPath: String, privateKeyPath: String) {
      self.certificateChainPath = certificateChainPath
      self.privateKeyPath = privateKeyPath
    }
  }

  /// What one client may use up.
  public struct Limits: Sendable, Equatable {
    /// The longest body that is read, where no other limit is named.
    public var bodyBytes = 64 * 1024
    /// The longest body of a route that takes lists of records or serials.
    public var listBodyBytes = 2 * 1024 * 1024
    /// The longest body of a route that takes outputs of results.
    public var outputBodyBytes = 36 * 1024 * 1024
    /// How many bodies that are longer than `listBodyBytes` are read and worked on at once; others wait.
    public var longBodies = 8
    /// The request line and all headers together.
    public var headerBytes = 16 * 1024
    /// How many headers.
    public var headerCount = 100
    /// How long the request line and the headers may take to arrive, from their first byte or from
    /// the opening of the connection.
    public var headMilliseconds = 10_000
    /// How long the body may take to arrive.
    public var bodyMilliseconds = 10_000
    /// How long a connection may lie idle between two requests.
    public var idleMilliseconds = 60_000
    /// How long a client may take to accept an answer.
    public var writeMilliseconds = 10_000
    /// How long, and how much, is still read and thrown away after an answer that ended the
    /// connection, so that a client that sends first and reads then sees it.
    public var lingerMilliseconds = 5_000
    public var lingerBytes = 16 * 1024 * 1024
    /// How long requests in flight may go on once the node shuts down.
    public var shutdownMilliseconds = 10_000
    /// How long a reading of the cluster may take.
    public var readMilliseconds = 2_000
    /// How long a reading may take that looks at every number of the ledger.
    public var scanMilliseconds = 20_000
    /// How long a change of the cluster may take.
    public var operateMilliseconds = 10_000
    /// How many connections are open at once; further ones wait in the system's queue.
    public var connections = 4_096

    public init() {}
  }

  /// Whether `host` can only be reached from this machine.
  public var isLoopback: Bool {
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    let isLoopbackIPv4 =
      octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
    return isLoopbackIPv4 || ["localhost", "::1", "[::1]"].contains(host.lowercased())
  }
}

/// Why the interface cannot start.
public struct APIConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// The certificate chain cannot be read, or holds no certificate.
    case certificate
    /// The private key cannot be read.
    case privateKey = "private-key"
    /// They do not belong together, or TLS refuses them.
    case mismatch
  }

  public let code: Code
  /// What a person needs to know, in one sentence; no key material.
  public let detail: String

  public var description: String { "\(code.rawValue): \(detail)" }
}
