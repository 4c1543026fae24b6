import Dispatch
import Glibc
import Synchronization

/// How a process ended.
public enum ProcessEnd: Sendable, Equatable, CustomStringConvertible {
  /// By itself, with this status.
  case exited(Int32)
  /// By this signal.
  case signalled(Int32)

  init(waitStatus status: Int32) {
    let signal = status & 0x7f
    self = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  /// In words.
  public var description: String {
    switch self {
    case .exited(let status): "exit status \(status)"
    case .signalled(let signal): "signal \(signal)"
    }
  }
}

/// A process that we started and whose end we take note of.
final class Child: Sendable {
  let pid: Int32
  private let end = Mutex<ProcessEnd?>(nil)

  init(pid: Int32) {
    self.pid = pid
    // A thread of its own blocks here, none of Swift's cooperative ones.
    DispatchQueue(label: "child-\(pid)").async { [self] in
      var info = siginfo_t()
      // Waits without taking note (WNOWAIT): until that is done under the lock the pid cannot be
      // given to another process, so `signal` never meets a stranger.
      while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
      end.withLock { end in
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        end = ProcessEnd(waitStatus: status)
      }
    }
  }

  /// How it ended; `nil` while it runs.
  var ended: ProcessEnd? { end.withLock { $0 } }

  /// Sends a signal; false when the process has ended.
  @discardableResult
  func signal(_ number: Int32) -> Bool {
    end.withLock { $0 == nil && kill(pid, number) == 0 }
  }

  /// Waits for the end; `nil` when `limit` passed first.
  func wait(
    atMost limit: Duration, isolation: isolated (any Actor)? = #isolation
  ) async -> ProcessEnd? {
    _ = await Poll.until(atMost: limit) { ended != nil }
    return ended
  }
}
