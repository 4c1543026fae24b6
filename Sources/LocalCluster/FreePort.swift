import Glibc

/// A port on 127.0.0.1 that nothing uses and that no other test process is about to use.
///
/// A port found by binding to 0 and closing again may be anybody's a moment later. These come from
/// below the range that the system gives to outgoing connections, and a locked file keeps other
/// processes that use `FreePort` away as long as this value lives, while the server that it is for
/// is stopped and started.
public final class FreePort: Sendable {
  /// The port.
  public let number: UInt16
  private let lock: Int32

  private static let range: Range<UInt16> = 20_000..<30_000

  /// Reserves a port.
  ///
  /// - Throws: `portTaken` when none of a thousand tries is free.
  public init() throws {
    let folder = try Self.makeFolder()
    for _ in 0..<1_000 {
      let candidate = UInt16.random(in: Self.range)
      if let file = try Self.reserve(candidate, folder: folder) {
        number = candidate
        lock = file
        return
      }
    }
    throw LocalClusterError(.portTaken, "No free port was found on 127.0.0.1.")
  }

  /// Reserves this very port; `nil` when it is in use or reserved by another.
  public init?(number: UInt16) throws {
    guard let file = try Self.reserve(number, folder: Self.makeFolder()) else { return nil }
    self.number = number
    lock = file
  }

  deinit {
    flock(lock, LOCK_UN)
    close(lock)
  }

  private static func makeFolder() throws -> String {
    let folder = "/tmp/seriald-ports-\(geteuid())"
    try Folder.make(folder, mode: 0o700)
    return folder
  }

  /// The locked file that keeps others away; `nil` when the port is in use or reserved.
  private static func reserve(_ port: UInt16, folder: String) throws -> Int32? {
    let path = "\(folder)/\(port)"
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw LocalClusterError.system("create", path) }
    if flock(file, LOCK_EX | LOCK_NB) == 0, isFree(port) { return file }
    flock(file, LOCK_UN)
    close(file)
    return nil
  }

  /// Whether a server could listen on this port of 127.0.0.1 now.
  public static func isFree(_ port: UInt16) -> Bool {
    let endpoint = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard endpoint >= 0 else { return false }
    defer { close(endpoint) }
    // As servers do: connections that linger after a restart are no obstacle.
    var yes: Int32 = 1
    setsockopt(endpoint, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let bound = Loopback.withAddress(port: port) { bind(endpoint, $0, $1) }
    // Bound and never listening: a child that another thread starts at this moment holds a copy of
    // this socket until it becomes its program, and one that listens would keep the port taken.
    return bound == 0
  }
}

/// Addresses of this machine alone.
enum Loopback {
  /// 127.0.0.1 and the port, in the form that the socket calls take.
  static func withAddress<Result>(
    port: UInt16, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        use($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
