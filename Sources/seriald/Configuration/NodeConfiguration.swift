import Configuration
import Foundation
import LeaseCore
import Logging
import SerialAuth

/// The configuration of a node, checked: every value is within its bounds and goes with the others.
struct NodeConfiguration: Sendable {
  enum TokenSource: Sendable, Equatable {
    case secret(String)
    case secretFile(String)
    case jwksFile(String)
  }

  let node: String
  let region: String?
  let host: String
  let port: Int
  let certificatePath: String?
  let keyPath: String?
  let bodyBytes: Int
  let readMilliseconds: Int
  let tokens: TokenSource
  let audience: String
  let databaseURL: String
  let connections: Int
  let recordConnections: Int
  let statementMilliseconds: Int
  let lockMilliseconds: Int
  let requiresStandby: Bool
  let leaseMilliseconds: Int
  let sizing: BlockSizing
  let commitAhead: CommitAhead
  let journalDirectory: String
  let requestMilliseconds: Int
  let drainMilliseconds: Int
  let logLevel: Logger.Level

  /// Throws `ConfigurationError` with all that is wrong.
  init(_ source: ConfigurationSource) throws(ConfigurationError) {
    var values = CheckedValues(reader: source.reader)
    node = values.required(.nodeName)
    region = values.text(.nodeRegion)
    host = values.required(.apiHost)
    port = values.integer(.apiPort)
    certificatePath = values.text(.apiCertificate)
    keyPath = values.text(.apiKey)
    bodyBytes = values.integer(.apiBodyBytes)
    readMilliseconds = values.integer(.apiReadMilliseconds)
    audience = values.required(.authAudience)
    databaseURL = values.required(.databaseURL)
    connections = values.integer(.databaseConnections)
    recordConnections = values.integer(.databaseRecordConnections)
    statementMilliseconds = values.integer(.databaseStatementMilliseconds)
    lockMilliseconds = values.integer(.databaseLockMilliseconds)
    requiresStandby = values.required(.durability) == "standby"
    leaseMilliseconds = values.integer(.leaseMilliseconds)
    sizing = BlockSizing(
      horizonMilliseconds: values.integer(.leaseHorizonMilliseconds),
      largest: values.integer(.leaseLargest))
    commitAhead = CommitAhead(
      floor: values.integer(.leaseAheadFloor), largest: values.integer(.leaseAheadLargest))
    journalDirectory = values.required(.journalDirectory)
    requestMilliseconds = values.integer(.requestMilliseconds)
    drainMilliseconds = values.integer(.drainMilliseconds)
    logLevel = Logger.Level(rawValue: values.required(.logLevel)) ?? .info
    let sources = [
      values.text(.authSecret).map(TokenSource.secret),
      values.text(.authSecretFile).map(TokenSource.secretFile),
      values.text(.authJWKSFile).map(TokenSource.jwksFile),
    ].compactMap(\.self)
    if sources.count != 1 {
      values.problem(
        "exactly one of SERIAL_AUTH_HS256_SECRET, SERIAL_AUTH_HS256_SECRET_FILE and "
          + "SERIAL_AUTH_JWKS_FILE is needed; \(sources.count) are set")
    }
    tokens = sources.first ?? .secret("")
    checkRelations(&values)
    if !values.problems.isEmpty { throw ConfigurationError(values.problems) }
  }

  var listensBeyondLoopback: Bool {
    !(host == "localhost" || host == "::1" || host.hasPrefix("127."))
  }

  private func checkRelations(_ values: inout CheckedValues) {
    if !node.isEmpty, node.wholeMatch(of: /[a-z][a-z0-9-]{0,62}/) == nil {
      values.problem(
        "SERIAL_NODE_NAME is \(node): expected a lower-case letter, then up to 62 lower-case "
          + "letters, digits and hyphens")
    }
    if (certificatePath == nil) != (keyPath == nil) {
      values.problem(
        "SERIAL_API_TLS_CERTIFICATE and SERIAL_API_TLS_KEY go together: only one of them is set")
    }
    if lockMilliseconds >= statementMilliseconds {
      values.problem(
        "SERIAL_DATABASE_LOCK_MILLISECONDS (\(lockMilliseconds)) must be below "
          + "SERIAL_DATABASE_STATEMENT_MILLISECONDS (\(statementMilliseconds))")
    }
    for (key, numbers) in [
      (ConfigurationKey.leaseAheadFloor, commitAhead.floor),
      (.leaseAheadLargest, commitAhead.largest),
    ] where numbers > sizing.largest {
      values.problem(
        "\(key.environmentName) (\(numbers)) must not be above "
          + "SERIAL_LEASE_LARGEST (\(sizing.largest))")
    }
    if requestMilliseconds > leaseMilliseconds {
      values.problem(
        "SERIAL_REQUEST_MILLISECONDS (\(requestMilliseconds)) must not be above "
          + "SERIAL_LEASE_MILLISECONDS (\(leaseMilliseconds))")
    }
    if 2 * statementMilliseconds > leaseMilliseconds {
      values.problem(
        "SERIAL_DATABASE_STATEMENT_MILLISECONDS (\(statementMilliseconds)) must be at most half of "
          + "SERIAL_LEASE_MILLISECONDS (\(leaseMilliseconds)), or one slow statement ends a lease")
    }
    if listensBeyondLoopback, certificatePath == nil {
      values.problem(
        "SERIAL_API_HOST is \(host), which is not loopback: SERIAL_API_TLS_CERTIFICATE and "
          + "SERIAL_API_TLS_KEY are needed")
    }
  }

  /// The secret of HS256 tokens, from the configuration or its file; nil with a key set.
  ///
  /// Throws when it cannot be read, or is the local default on an address beyond loopback.
  func secret() throws(ConfigurationError) -> String? {
    let secret: String
    let key: ConfigurationKey
    switch tokens {
    case .jwksFile: return nil
    case .secret(let text): (secret, key) = (text, .authSecret)
    case .secretFile(let path):
      key = .authSecretFile
      guard let data = FileManager.default.contents(atPath: path) else {
        throw ConfigurationError(["\(key.environmentName) names \(path), which cannot be read"])
      }
      secret = String(decoding: data, as: UTF8.self)
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    if listensBeyondLoopback, TokenSecret.isLocalDefault(secret) {
      throw ConfigurationError([
        "SERIAL_API_HOST is \(host), which is not loopback, and \(key.environmentName) holds the "
          + "local default secret: make a secret of your own"
      ])
    }
    return secret
  }
}
