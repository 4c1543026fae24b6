internal import CLibPQ
internal import Glibc

/// A descriptor that one thread waits for, beside a socket, and that any thread can signal.
/// A signal stays until it is drained, so that none is lost between a check and a wait.
final class WakeEvent: Sendable {
  let descriptor: CInt

  /// Throws `connectFailed` when the process has no descriptor left.
  init() throws(LibPQError) {
    descriptor = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else {
      throw LibPQError(.connectFailed, "eventfd: \(String(cString: strerror(errno)))")
    }
  }

  deinit { Glibc.close(descriptor) }

  func signal() { _ = eventfd_write(descriptor, 1) }

  func drain() {
    var count: eventfd_t = 0
    _ = eventfd_read(descriptor, &count)
  }

  /// Blocks the calling thread until the event is signalled, and drains it.
  func wait() {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&entry, 1, -1)
    drain()
  }
}
