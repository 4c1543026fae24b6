import Glibc
import Synchronization

/// Ends a process when *we* end, in whatever way: a test that crashes leaves no server behind.
/// The watch lasts until it is disarmed, also when this value is gone.
///
/// A small shell waits on a pipe whose other end only we hold; the kernel closes it when we are
/// gone, also after `kill -9`. (`PR_SET_PDEATHSIG` would not do: it is bound to the *thread* that
/// started the child, and the threads of Swift's pool come and go.)
final class Watchdog: Sendable {
  private let writeEnd: Mutex<Int32?>

  /// Sets a watch.
  ///
  /// - Parameters:
  ///   - process: what to end; recognised by its start time, so that a pid that was used again
  ///     is left alone.
  ///   - signal: sent first; `SIGKILL` follows after ten seconds.
  ///   - folder: removed afterwards, with all it holds.
  init(process: ProcessIdentity, signal: Int32, removing folder: String? = nil) throws {
    let (readEnd, writeEnd) = try PipeReader.make()
    defer { Glibc.close(readEnd) }
    var request = SpawnRequest(executable: "/bin/sh")
    request.arguments = [
      "-c", Self.script, "watchdog", String(process.pid), String(process.startTicks),
      String(signal), folder ?? "",
    ]
    request.environment = Command.basicEnvironment
    request.input = .descriptor(readEnd)
    request.newSession = true
    do {
      _ = try request.spawn()
    } catch {
      Glibc.close(writeEnd)
      throw error
    }
    self.writeEnd = Mutex(writeEnd)
  }

  /// Takes the watch away; nothing is ended or removed.
  func disarm() { close(saying: "done\n") }

  /// Does now what the watch would do when we end.
  func strike() { close(saying: "") }

  private func close(saying line: String) {
    writeEnd.withLock { end in
      guard let descriptor = end else { return }
      let bytes = Array(line.utf8)
      send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      Glibc.close(descriptor)
      end = nil
    }
  }

  private static let script = """
    trap '' HUP INT TERM
    read -r line
    [ "$line" = done ] && exit 0
    runs() {
      stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
      set -- "$2" ${stat##*) }
      [ "$2" != Z ] && [ "$1" = "${21}" ]
    }
    tries=0
    runs "$1" "$2" && kill -"$3" "$1"
    while runs "$1" "$2"; do
      tries=$((tries + 1))
      [ $tries -eq 100 ] && kill -9 "$1"
      [ $tries -gt 120 ] && break
      sleep 0.1
    done
    [ -n "$4" ] && rm -rf -- "$4"
    exit 0
    """
}
