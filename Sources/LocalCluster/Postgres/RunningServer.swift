import Glibc

/// A PostgreSQL server that runs on a data directory.
public struct RunningServer: Sendable, Equatable {
  /// The postmaster.
  public let process: ProcessIdentity
  /// Its port.
  public let port: UInt16
  /// Whether it says of itself that it takes connections.
  public let isReady: Bool

  /// The server that runs on `dataDirectory`, `nil` when none does.
  ///
  /// The pid in `postmaster.pid` is believed only when that process works in this very data
  /// directory: after a crash or a restart of the machine the pid may be anybody's, and a signal
  /// to it would hit a stranger.
  public init?(dataDirectory: String) {
    guard let real = Folder.resolve(dataDirectory),
      let file = PostmasterFile(dataDirectory: dataDirectory),
      RunningServer.worksIn(real, pid: file.pid),
      let process = ProcessIdentity(pid: file.pid)
    else { return nil }
    self.process = process
    port = file.port
    isReady = file.isReady
  }

  static func worksIn(_ directory: String, pid: Int32) -> Bool {
    guard ProcessFacts.link(pid, "cwd") == directory,
      let program = ProcessFacts.link(pid, "exe")
    else { return false }
    // " (deleted)" follows when the package was upgraded while the server runs.
    return Folder.name(of: program).hasPrefix("postgres")
  }

  /// Server processes that still work in the directory, also when their postmaster is gone.
  static func processes(in dataDirectory: String) -> [ProcessIdentity] {
    guard let real = Folder.resolve(dataDirectory) else { return [] }
    return ProcessFacts.allPIDs().filter { worksIn(real, pid: $0) }
      .compactMap { ProcessIdentity(pid: $0) }
  }
}

/// `postmaster.pid`: the pid, the data directory, the start, the port, ..., the state.
struct PostmasterFile {
  let pid: Int32
  let port: UInt16
  let isReady: Bool

  init?(dataDirectory: String) {
    guard let text = (try? LocalFile.readText("\(dataDirectory)/postmaster.pid")) ?? nil else {
      return nil
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // The file is written in steps while the server starts: first the pid alone.
    guard lines.count > 3, let pid = Int32(lines[0]), let port = UInt16(lines[3]) else {
      return nil
    }
    self.pid = pid
    self.port = port
    isReady = lines.count > 7 && ["ready", "standby"].contains(lines[7].prefix { $0 != " " })
  }
}
