import Glibc

/// A port of 127.0.0.1 that stays the proxy's while it refuses connections: bound, never listening.
///
/// The system gives it to nobody else as long as this value lives, and the proxy's own listener may
/// share it, since a socket that does not listen is no obstacle to one that does.
final class PortReservation: Sendable {
  let number: UInt16
  private let descriptor: Int32

  /// - Parameter port: the port wanted; 0 for any free one.
  init(port: UInt16) throws(FaultProxyError) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .system("socket", errno) }
    do throws(FaultProxyError) {
      number = try Self.bind(descriptor, to: port)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func bind(_ descriptor: Int32, to port: UInt16) throws(FaultProxyError) -> UInt16 {
    var yes: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    guard setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size) == 0 else {
      throw .system("setsockopt", errno)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        Glibc.bind(descriptor, pointer, length) == 0
          && getsockname(descriptor, pointer, &length) == 0
      }
    }
    guard bound else { throw .system("bind to 127.0.0.1:\(port)", errno) }
    return UInt16(bigEndian: address.sin_port)
  }
}

/// The proxy could not be started.
public struct FaultProxyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was tried, and what the system says.
  public let description: String

  static func system(_ call: String, _ number: Int32) -> FaultProxyError {
    FaultProxyError(description: "\(call): \(String(cString: strerror(number)))")
  }
}
