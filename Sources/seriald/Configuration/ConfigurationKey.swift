/// One key of the configuration. `docs/configuration.md` is held against this table by a test.
struct ConfigurationKey: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    /// Any text, or one of the choices where there are some.
    case text(choices: [String] = [])
    case path
    case integer(ClosedRange<Int>)
  }

  /// Dotted. The environment says `SERIAL_` and underscores, an argument `--` and hyphens.
  let name: String
  let kind: Kind
  let unit: String
  /// As it would be written; nil where the key has none.
  let defaultText: String?
  /// A secret is never logged and is not taken from arguments, which every account can read.
  let isSecret: Bool
  let meaning: String

  init(
    _ name: String, _ kind: Kind, unit: String = "", default defaultText: String? = nil,
    isSecret: Bool = false, _ meaning: String
  ) {
    self.name = name
    self.kind = kind
    self.unit = unit
    self.defaultText = defaultText
    self.isSecret = isSecret
    self.meaning = meaning
  }

  var environmentName: String {
    "SERIAL_" + name.uppercased().replacing(".", with: "_")
  }

  var argumentName: String { "--" + name.replacing(".", with: "-") }

  /// Type and bounds, as the table of the document says them.
  var typeText: String {
    switch kind {
    case .text(let choices): choices.isEmpty ? "text" : choices.joined(separator: " or ")
    case .path: "path"
    case .integer(let range): "integer \(range.lowerBound)...\(range.upperBound)"
    }
  }
}

extension ConfigurationKey {
  static let nodeName = Self(
    "node.name", .text(),
    "Name of the node: lower-case letters, digits and hyphens. Also its database role.")
  static let nodeRegion = Self(
    "node.region", .text(), "Region of the node. When given it must be the one it was enrolled in.")
  static let apiHost = Self(
    "api.host", .text(), default: "127.0.0.1",
    "Address to listen on. Beyond loopback, TLS and a secret of your own are demanded.")
  static let apiPort = Self(
    "api.port", .integer(0...65_535), default: "7801", "Port to listen on; 0 takes a free one.")
  static let apiCertificate = Self(
    "api.tls.certificate", .path, "Certificate chain of the API, PEM. Goes with api.tls.key.")
  static let apiKey = Self(
    "api.tls.key", .path, "Private key of the API, PEM. Goes with api.tls.certificate.")
  static let apiBodyBytes = Self(
    "api.body.bytes", .integer(1_024...16_777_216), unit: "bytes", default: "65536",
    "Largest request body.")
  static let apiReadMilliseconds = Self(
    "api.read.milliseconds", .integer(100...600_000), unit: "ms", default: "10000",
    "How long a client may take to send a request.")
  static let authSecret = Self(
    "auth.hs256.secret", .text(), isSecret: true,
    "Secret of HS256 tokens, at least 32 bytes. One of the three auth sources is needed.")
  static let authSecretFile = Self(
    "auth.hs256.secret.file", .path, "File with that secret.")
  static let authJWKSFile = Self(
    "auth.jwks.file", .path, "Keys of ES256, EdDSA and RS256 tokens, as a JSON Web Key Set.")
  static let authAudience = Self(
    "auth.audience", .text(), default: "seriald", "Audience that a token must name.")
  static let databaseURL = Self(
    "database.url", .text(), isSecret: true,
    "Connection of the node's role to the coordinator, with sslmode=verify-full and a client "
      + "certificate.")
  static let databaseConnections = Self(
    "database.connections", .integer(2...64), default: "4", "Connections to the coordinator.")
  static let databaseRecordConnections = Self(
    "database.record.connections", .integer(1...64), default: "4",
    "Connections for the registry: they never delay a commit of numbers.")
  static let databaseStatementMilliseconds = Self(
    "database.statement.milliseconds", .integer(100...60_000), unit: "ms", default: "3000",
    "Limit of a statement, kept by the server.")
  static let databaseLockMilliseconds = Self(
    "database.lock.milliseconds", .integer(50...60_000), unit: "ms", default: "2000",
    "Limit of waiting for a lock, kept by the server. Below database.statement.milliseconds.")
  static let durability = Self(
    "durability", .text(choices: ["standby", "single"]), default: "standby",
    "standby: issue only while a synchronous standby is configured. single: one machine is enough.")
  static let leaseMilliseconds = Self(
    "lease.milliseconds", .integer(1_000...3_600_000), unit: "ms", default: "15000",
    "Time to live of a lease. What a crashed node did not issue is free again after it.")
  static let leaseHorizonMilliseconds = Self(
    "lease.horizon.milliseconds", .integer(0...600_000), unit: "ms", default: "10000",
    "For how long a block should last at the measured rate.")
  static let leaseLargest = Self(
    "lease.largest", .integer(1...99_999), unit: "numbers", default: "10000", "Largest block.")
  static let leaseAheadFloor = Self(
    "lease.ahead.floor", .integer(0...10_000), unit: "numbers", default: "0",
    "Numbers kept committed ahead while requests come, to be issued while the coordinator is away. "
      + "One crash may cost them. Not above lease.largest.")
  static let leaseAheadLargest = Self(
    "lease.ahead.largest", .integer(0...10_000), unit: "numbers", default: "0",
    "The most that is committed ahead by measured rate and round trip; 0 turns that off. Not above "
      + "lease.largest.")
  static let journalDirectory = Self(
    "journal.directory", .path,
    "Directory on a local disk, for this node alone, where it remembers what it was granted. Keep "
      + "it when the node restarts. Made when only its last part is missing.")
  static let requestMilliseconds = Self(
    "request.milliseconds", .integer(100...60_000), unit: "ms", default: "5000",
    "How long a request waits for its numbers. Not above lease.milliseconds.")
  static let drainMilliseconds = Self(
    "drain.milliseconds", .integer(100...600_000), unit: "ms", default: "10000",
    "Bound of each step of a shutdown: answering what is in flight, giving leases back.")
  static let logLevel = Self(
    "log.level",
    .text(choices: ["trace", "debug", "info", "notice", "warning", "error", "critical"]),
    default: "info", "Least severe message to log.")

  static let all: [ConfigurationKey] = [
    nodeName, nodeRegion, apiHost, apiPort, apiCertificate, apiKey, apiBodyBytes,
    apiReadMilliseconds, authSecret, authSecretFile, authJWKSFile, authAudience, databaseURL,
    databaseConnections, databaseRecordConnections, databaseStatementMilliseconds,
    databaseLockMilliseconds, durability,
    leaseMilliseconds, leaseHorizonMilliseconds, leaseLargest, leaseAheadFloor, leaseAheadLargest,
    journalDirectory, requestMilliseconds, drainMilliseconds, logLevel,
  ]
}
