import Glibc

/// One process and no other: a pid alone is used again by the system after its process ended.
///
/// The start time in clock ticks since boot, together with the boot's id, tells two holders of the
/// same pid apart.
public struct ProcessIdentity: Sendable, Hashable, Codable {
  /// The process id.
  public let pid: Int32
  /// When it started, in clock ticks since the machine's boot (field 22 of `/proc/PID/stat`).
  public let startTicks: UInt64
  /// The id of the boot in which `startTicks` was counted.
  public let bootID: String

  /// The identity of the process that has this pid now; `nil` when there is none, or when it has
  /// ended and only waits for its parent to take note.
  public init?(pid: Int32) {
    guard let facts = ProcessFacts(pid: pid), facts.isRunning else { return nil }
    self.pid = pid
    startTicks = facts.startTicks
    bootID = Self.currentBootID
  }

  /// Whether this very process still runs.
  public var isRunning: Bool {
    guard bootID == Self.currentBootID, let facts = ProcessFacts(pid: pid) else { return false }
    return facts.isRunning && facts.startTicks == startTicks
  }

  /// Sends a signal to this very process.
  ///
  /// - Returns: false when it no longer runs (also when its pid belongs to another process by now).
  /// - Throws: `LocalClusterError` when the system refuses.
  @discardableResult
  public func signal(_ number: Int32) throws -> Bool {
    guard isRunning else { return false }
    if kill(pid, number) == 0 { return true }
    if errno == ESRCH { return false }
    throw LocalClusterError.system("signal \(number) to process", String(pid))
  }

  static let currentBootID: String =
    ((try? LocalFile.readText("/proc/sys/kernel/random/boot_id")) ?? nil)?
    .split(separator: "\n").first.map(String.init) ?? ""
}

/// What `/proc` says of a process.
struct ProcessFacts {
  let command: String
  let state: Character
  let parent: Int32
  let startTicks: UInt64

  init?(pid: Int32) {
    guard pid > 0, let text = (try? LocalFile.readText("/proc/\(pid)/stat")) ?? nil else {
      return nil
    }
    // The name is in parentheses and may itself hold spaces and parentheses: the last one counts.
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")") else {
      return nil
    }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 19, let parent = Int32(fields[1]), let ticks = UInt64(fields[19]),
      let state = fields[0].first
    else { return nil }
    command = String(text[text.index(after: open)..<close])
    self.state = state
    self.parent = parent
    startTicks = ticks
  }

  /// A zombie has ended: in a container without a proper init it may stay for ever.
  var isRunning: Bool { state != "Z" && state != "X" }

  /// Where the link `/proc/PID/name` points, as far as we may look.
  static func link(_ pid: Int32, _ name: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/\(pid)/\(name)", &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// All pids there are.
  static func allPIDs() -> [Int32] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    return Folder.names(in: folder).compactMap { Int32($0) }
  }
}
