import FoundationEssentials
import Glibc

/// A node of the cluster that `dev up` starts.
public struct DevNode: Sendable, Equatable {
  /// The node's name, its database role and its certificate's common name.
  public let name: String
  /// Its region.
  public let region: String

  /// A node in a region.
  public init(name: String, region: String) {
    self.name = name
    self.region = region
  }
}

/// What `dev up` starts, and where.
public struct DevConfiguration: Sendable {
  /// The folder under which `.serial` is made.
  public var projectFolder: String
  /// Path of the program `seriald`.
  public var seriald: String
  /// The nodes; the first listens on the base port, the next on the one after it.
  public var nodes = [
    DevNode(name: "eu-1", region: "eu"), DevNode(name: "eu-2", region: "eu"),
    DevNode(name: "us-1", region: "us"),
  ]
  /// PostgreSQL's port; `nil` takes the one of the last time, or 7800.
  public var postgresPort: UInt16?
  /// The first node's port; `nil` takes the one of the last time, or 7801.
  public var basePort: UInt16?
  /// The nodes' `SERIAL_LOG_LEVEL`.
  public var logLevel = "info"
  /// Whether processes end with this one. For tests.
  public var endsWithUs = false
  /// How secrets and tokens are made.
  public var tokens: DevTokens
  /// Told of each step, one line at a time.
  public var progress: @Sendable (_ line: String) -> Void

  /// A cluster in a project's folder.
  public init(
    projectFolder: String, seriald: String, tokens: DevTokens,
    progress: @escaping @Sendable (_ line: String) -> Void = { _ in }
  ) {
    self.projectFolder = projectFolder
    self.seriald = seriald
    self.tokens = tokens
    self.progress = progress
  }

  /// Takes the ports from `SERIAL_DEV_PG_PORT` and `SERIAL_DEV_BASE_PORT`, the level from
  /// `SERIAL_LOG_LEVEL`.
  ///
  /// - Throws: `conflict` when a value is no port.
  public mutating func read(environment: [String: String]) throws {
    func port(_ name: String) throws -> UInt16? {
      guard let text = environment[name], !text.isEmpty else { return nil }
      guard let port = UInt16(text), port >= 1024 else {
        throw LocalClusterError(
          .conflict, "\(name) is \"\(text)\"; it must be a port from 1024 to 65535.")
      }
      return port
    }
    postgresPort = try port("SERIAL_DEV_PG_PORT") ?? postgresPort
    basePort = try port("SERIAL_DEV_BASE_PORT") ?? basePort
    if let level = environment["SERIAL_LOG_LEVEL"], !level.isEmpty { logLevel = level }
  }
}

/// What a cluster remembers from one run to the next: `.serial/cluster.json`.
struct DevMemory: Codable, Equatable {
  var postgresPort: UInt16
  var basePort: UInt16
  /// The first serials each node issued. They are issued once: numbers are scarce.
  var firstSerials: [String: [String]]

  static func read(_ path: String) -> DevMemory? {
    guard let content = (try? LocalFile.read(path)) ?? nil else { return nil }
    return try? JSONDecoder().decode(DevMemory.self, from: Data(content))
  }

  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try LocalFile.write(encoder.encode(self), to: path, mode: 0o600)
  }
}
