import Glibc

/// Who listens on a port.
enum PortHolder {
  /// - Throws: `portTaken`, with the process that holds the port when we may see it.
  static func requireFree(_ port: UInt16, for purpose: String, advice: String = "") throws {
    guard !FreePort.isFree(port) else { return }
    let holder = find(port).map { "process \($0.pid) (\($0.command))" } ?? "another process"
    throw LocalClusterError(
      .portTaken, "Port \(port) is needed for \(purpose), but \(holder) listens on it.",
      advice: advice.isEmpty ? "End that process, or choose another port." : advice)
  }

  /// The process that listens on the port; `nil` when it belongs to an account we may not look at.
  static func find(_ port: UInt16) -> (pid: Int32, command: String)? {
    let sockets = Set(["tcp", "tcp6"].flatMap { listeners(on: port, table: $0) })
    guard !sockets.isEmpty else { return nil }
    for pid in ProcessFacts.allPIDs() {
      guard let folder = opendir("/proc/\(pid)/fd") else { continue }
      defer { closedir(folder) }
      for name in Folder.names(in: folder) {
        if let target = ProcessFacts.link(pid, "fd/\(name)"), sockets.contains(target),
          let facts = ProcessFacts(pid: pid)
        {
          return (pid, facts.command)
        }
      }
    }
    return nil
  }

  /// The sockets (as `/proc/PID/fd` names them) that listen on the port.
  private static func listeners(on port: UInt16, table: String) -> [String] {
    guard let text = (try? LocalFile.readText("/proc/net/\(table)")) ?? nil else { return [] }
    return text.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ")
      // local address:port in hexadecimal, remote, state (0A: listening), ..., inode
      guard fields.count > 9, fields[3] == "0A",
        let digits = fields[1].split(separator: ":").last, UInt16(digits, radix: 16) == port
      else { return nil }
      return "socket:[\(fields[9])]"
    }
  }
}
