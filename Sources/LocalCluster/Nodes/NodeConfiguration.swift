/// A `seriald` process: which program, with what.
public struct NodeConfiguration: Sendable {
  /// The node's name, for messages.
  public var name: String
  /// Path of the program.
  public var executable: String
  /// Its arguments.
  public var arguments = ["serve"]
  /// The port of its API on 127.0.0.1, where it is asked whether it is ready.
  public var port: UInt16
  /// Its whole environment, apart from `PATH`, the locale and `SERIAL_JOURNAL_DIRECTORY`. Secrets
  /// belong into files that this names; arguments can be read by every account of the machine.
  public var environment: [String: String]
  /// Where it remembers what it was granted, unless `environment` says where. It is kept when the
  /// node is started again.
  public var journalDirectory: String
  /// Where its standard output and errors go.
  public var logFile: String
  /// Where its pid is noted, so that another process finds it; `nil` keeps it in memory.
  public var recordFile: String?
  /// Whether it is ended (`SIGKILL`) when this process ends, in whatever way. For tests.
  public var endsWithUs = false

  /// A node; the rest has defaults. The journal lies beside the log.
  public init(
    name: String, executable: String, port: UInt16, environment: [String: String],
    logFile: String, recordFile: String? = nil
  ) {
    self.name = name
    self.executable = executable
    self.port = port
    self.environment = environment
    self.logFile = logFile
    journalDirectory = "\(Folder.parent(of: logFile))/\(name).journal"
    self.recordFile = recordFile
  }
}

extension NodeConfiguration {
  /// What the process gets.
  var wholeEnvironment: [String: String] {
    Command.basicEnvironment
      .merging(["SERIAL_JOURNAL_DIRECTORY": journalDirectory]) { $1 }
      .merging(environment) { $1 }
  }
}

/// What is noted of a node that was started.
struct NodeRecord: Codable, Equatable {
  /// The process, with its start time: a pid alone may be somebody else's by now.
  let process: ProcessIdentity
  /// The port of its API.
  let port: UInt16
  /// Where this record was written. A copy of the folder is not in charge of the node.
  let recordFile: String
}
