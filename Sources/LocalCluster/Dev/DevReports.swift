/// A node, as `dev up` and `dev status` report it.
public struct DevNodeReport: Sendable, Equatable, Codable {
  /// What a node is doing.
  public enum State: String, Sendable, Equatable, Codable {
    /// It runs and answers that it is ready.
    case ready
    /// It runs, but is not ready.
    case running
    /// It does not run.
    case stopped
  }

  /// The node's name.
  public let node: String
  /// Its region.
  public let region: String
  /// Where its API is.
  public let url: String
  /// What it is doing.
  public let state: State
  /// Its process; absent when it does not run.
  public let pid: Int32?
}

/// The PostgreSQL server, as `dev up` and `dev status` report it.
public struct DevPostgresReport: Sendable, Equatable, Codable {
  /// Whether it runs and takes connections.
  public let ready: Bool
  /// The postmaster; absent when it does not run.
  public let pid: Int32?
  /// The port on 127.0.0.1.
  public let port: UInt16
  /// The data directory; absent when there is none.
  public let data: String?
}

/// What `dev status` says.
public struct DevStatus: Sendable, Equatable, Codable {
  /// The nodes, in order.
  public let nodes: [DevNodeReport]
  /// The database.
  public let postgres: DevPostgresReport
  /// Whether all of it runs and is ready.
  public var isComplete: Bool { postgres.ready && nodes.allSatisfy { $0.state == .ready } }
}

/// What `dev up` did.
public struct DevUpReport: Sendable, Equatable, Codable {
  /// What runs now.
  public let status: DevStatus
  /// What this run started: node names and `postgresql`; empty when all of it ran already.
  public let started: [String]
  /// The first serials each node issued, by node.
  public let firstSerials: [String: [String]]
  /// The file to source.
  public let environmentFile: String
}

/// What `dev down` did.
public struct DevDownReport: Sendable, Equatable, Codable {
  /// How each node ended.
  public let nodes: [String: NodeProcess.Stop]
  /// Whether PostgreSQL ran and was stopped.
  public let postgresStopped: Bool
  /// Whether the cluster's files were removed.
  public let erased: Bool
}
