import Dispatch
import Glibc
import Synchronization

/// What a command said and how it ended.
package struct CommandResult: Sendable {
  package let end: ProcessEnd
  package let output: String
  package let errors: String
  package var succeeded: Bool { end == .exited(0) }
}

/// Commands that run to their end.
package enum Command {
  /// Runs a command and collects what it says.
  ///
  /// - Parameter limit: after it the command is ended, and the call throws `timedOut`.
  package static func run(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:],
    as account: Account? = nil, limit: Duration = .seconds(60)
  ) async throws -> CommandResult {
    let output = try PipeReader()
    let errors = try PipeReader()
    var request = SpawnRequest(executable: executable, arguments: arguments)
    request.environment = basicEnvironment.merging(environment) { $1 }
    request.output = .descriptor(output.writeEnd)
    request.errors = .descriptor(errors.writeEnd)
    request.account = account
    if account != nil { request.directory = "/" }
    let spawned = Result { try request.spawn() }
    output.start()
    errors.start()
    let child = try spawned.get()

    guard let end = await child.wait(atMost: limit) else {
      child.signal(SIGTERM)
      if await child.wait(atMost: .seconds(3)) == nil { child.signal(SIGKILL) }
      throw LocalClusterError(
        .timedOut, "\(Folder.name(of: executable)) did not end within \(limit).")
    }
    // A grandchild may hold the pipe open; it is not worth waiting for.
    _ = await Poll.until(atMost: .seconds(2), every: .milliseconds(2)) {
      output.isComplete && errors.isComplete
    }
    return CommandResult(end: end, output: output.text, errors: errors.text)
  }

  /// Finds a program in the folders of `PATH`.
  static func find(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return (path.split(separator: ":").map(String.init) + ["/usr/bin", "/bin", "/usr/sbin"])
      .map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// What every process gets: enough to run, nothing that changes what it does.
  static let basicEnvironment = ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"]
}

extension PipeReader {
  /// Two connected ends that no other child inherits, not even one that another thread starts at
  /// this moment (`pipe2`, which could do it too, is not part of what Swift sees of glibc).
  static func make() throws -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0, &ends) == 0 else {
      throw LocalClusterError.system("make", "a pipe")
    }
    return (ends[0], ends[1])
  }
}

/// One pipe from a command, read on a thread of its own, so that the command is never held up.
final class PipeReader: Sendable {
  let writeEnd: Int32
  private let readEnd: Int32
  private let state = Mutex((bytes: [UInt8](), complete: false))
  /// More than this is read and thrown away.
  private static let capacityBytes = 1 << 20

  init() throws {
    (readEnd, writeEnd) = try Self.make()
  }

  /// To be called once, after the command was started: closes our copy of the end it writes to.
  func start() {
    close(writeEnd)
    DispatchQueue(label: "pipe").async { [self] in
      var buffer = [UInt8](repeating: 0, count: 16_384)
      while true {
        let count = read(readEnd, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { break }
        state.withLock { state in
          let room = max(0, Self.capacityBytes - state.bytes.count)
          state.bytes += buffer[..<min(count, room)]
        }
      }
      close(readEnd)
      state.withLock { $0.complete = true }
    }
  }

  var isComplete: Bool { state.withLock { $0.complete } }
  var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
}
