import Glibc

/// Reading and writing of small files, with modes that are set and not hoped for.
enum LocalFile {
  /// Writes the whole file or nothing: a temporary file beside it, flushed, then renamed over it.
  /// A reader sees the old content or the new one; a crash leaves no half of a key.
  ///
  /// - Parameters:
  ///   - mode: the file's permission bits, whatever the umask.
  ///   - owner: the account that owns the file, when we run as root for another account.
  static func write(
    _ content: some Collection<UInt8>, to path: String, mode: mode_t, owner: Account? = nil
  ) throws {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).new"
    // O_EXCL and O_NOFOLLOW: in a folder that another account owns, that account cannot
    // make us write through a link of its own.
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw LocalClusterError.system("create", path) }
    do {
      defer { close(file) }
      try writeAll(Array(content), to: file, path: path)
      guard fchmod(file, mode) == 0 else { throw LocalClusterError.system("chmod", path) }
      if let owner, geteuid() == 0, fchown(file, owner.userID, owner.groupID) != 0 {
        throw LocalClusterError.system("chown", path)
      }
      guard fsync(file) == 0 else { throw LocalClusterError.system("flush", path) }
      guard rename(temporary, path) == 0 else { throw LocalClusterError.system("rename", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    flushFolder(of: path)
  }

  /// The file's bytes, or `nil` when there is no such file.
  static func read(_ path: String) throws -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw LocalClusterError.system("read", path)
    }
    defer { close(file) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw LocalClusterError.system("read", path) }
      if count == 0 { return content }
      content += buffer[..<count]
    }
  }

  /// The file as text, or `nil` when there is no such file.
  static func readText(_ path: String) throws -> String? {
    try read(path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Removes the file; one that is not there is no error.
  static func remove(_ path: String) throws {
    if unlink(path) != 0, errno != ENOENT { throw LocalClusterError.system("remove", path) }
  }

  /// The last lines of a log, for an error message.
  static func lastLines(of path: String, count: Int = 8) -> String {
    guard let text = try? readText(path) else { return "" }
    return text.split(separator: "\n").suffix(count).map { "  \($0)" }.joined(separator: "\n")
  }

  private static func writeAll(_ bytes: [UInt8], to file: Int32, path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw LocalClusterError.system("write", path) }
      rest = rest.dropFirst(count)
    }
  }

  /// A rename is durable only when its folder is flushed too.
  private static func flushFolder(of path: String) {
    let folder = open(Folder.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }
}
