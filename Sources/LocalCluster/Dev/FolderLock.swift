import Glibc

/// One command at a time on one cluster. The system lets go of it when the holder ends, however
/// that happens: there is no lock to clean up after a crash.
final class FolderLock: Sendable {
  private let file: Int32

  /// - Throws: `locked`, with the pid of the holder.
  init(path: String) throws {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw LocalClusterError.system("open", path) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      close(file)
      guard number == EWOULDBLOCK else { throw LocalClusterError.system("lock", path, number) }
      let holder = ((try? LocalFile.readText(path)) ?? nil).map { " (process \($0))" } ?? ""
      throw LocalClusterError(
        .locked, "Another command\(holder) is starting or stopping this cluster.",
        advice: "Wait until it is done, then run this one again.")
    }
    ftruncate(file, 0)
    let pid = Array(String(getpid()).utf8)
    pwrite(file, pid, pid.count, 0)
    self.file = file
  }

  deinit {
    // Closing alone would do only when no copy is left: a child that another thread starts at this
    // moment has one until it becomes its program.
    flock(file, LOCK_UN)
    close(file)
  }
}
