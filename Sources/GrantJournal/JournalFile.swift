internal import Allocator
internal import Glibc

/// The journal's file, by system calls: appended to, flushed, replaced as a whole.
struct JournalFile: ~Copyable {
  static let name = "grants.journal"

  let directory: String
  private var descriptor: CInt = -1
  /// How many bytes of it are whole lines.
  private(set) var length = 0

  var path: String { "\(directory)/\(Self.name)" }

  init(directory: String) { self.directory = directory }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The bytes of the file; nil when there is none. It is open for writing afterwards.
  mutating func open() throws(JournalError) -> [UInt8]? {
    let file = Glibc.open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
    if file < 0, errno == ENOENT { return nil }
    guard file >= 0 else { throw .system("opened", path) }
    descriptor = file
    guard fchmod(file, 0o600) == 0 else { throw .system("given mode 0600", path) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system("read", path) }
      if count == 0 { break }
      content += buffer[..<count]
    }
    length = content.count
    return content
  }

  /// Cuts off what follows the whole lines.
  mutating func cut(to length: Int) throws(JournalError) {
    guard ftruncate(descriptor, off_t(length)) == 0 else { throw .system("repaired", path) }
    self.length = length
  }

  /// Writes at the end. What could not be written whole is cut off again; when that fails too,
  /// `isWhole` says so.
  mutating func append(_ bytes: [UInt8]) throws(JournalError) {
    do {
      try Self.write(bytes, to: descriptor, path: path)
      length += bytes.count
    } catch {
      _ = ftruncate(descriptor, off_t(length))
      throw error
    }
  }

  /// Whether the file ends where the last line that was written ends.
  var isWhole: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && Int(status.st_size) == length
  }

  func flush() throws(JournalError) {
    guard fdatasync(descriptor) == 0 else { throw .system("flushed", path) }
  }

  /// Puts a new file in the place of this one. Its content is on the disk when it returns, its name
  /// once the directory is flushed.
  mutating func replace(with bytes: [UInt8]) throws(JournalError) {
    let temporary = "\(path).new"
    unlink(temporary)
    let file = Glibc.open(
      temporary, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .system("made", temporary) }
    do throws(JournalError) {
      guard fchmod(file, 0o600) == 0 else { throw .system("given mode 0600", temporary) }
      try Self.write(bytes, to: file, path: temporary)
      guard fsync(file) == 0 else { throw .system("flushed", temporary) }
      guard rename(temporary, path) == 0 else {
        throw .system("renamed to \(Self.name)", temporary)
      }
    } catch {
      close(file)
      unlink(temporary)
      throw error
    }
    if descriptor >= 0 { close(descriptor) }
    descriptor = file
    length = bytes.count
  }

  private static func write(_ bytes: [UInt8], to file: CInt, path: String) throws(JournalError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system("written", path) }
      rest = rest.dropFirst(count)
    }
  }

  /// A file that is new, or renamed, is durable only when its directory is flushed too.
  static func flushDirectory(_ directory: String) throws(JournalError) {
    let file = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw .system("opened", directory) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw .system("flushed", directory) }
  }
}

/// One process at a time in a directory. The system lets go of it when the process ends, however
/// that happens.
final class DirectoryLock: Sendable {
  static let name = "lock"

  private let file: CInt

  /// Makes the directory when only its last part is missing.
  init(directory: String) throws(JournalError) {
    if mkdir(directory, 0o700) == 0 {
      let parts = directory.split(separator: "/").dropLast()
      let parent = parts.joined(separator: "/")
      try JournalFile.flushDirectory(
        directory.hasPrefix("/") ? "/\(parent)" : parent.isEmpty ? "." : parent)
    } else if errno != EEXIST {
      throw .system("made", directory)
    }
    let path = "\(directory)/\(Self.name)"
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw .system("opened", path) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      var holder = [UInt8](repeating: 0, count: 20)
      let count = max(0, pread(file, &holder, holder.count, 0))
      close(file)
      guard number == EWOULDBLOCK else { throw .system("locked", path, number) }
      let process =
        count > 0 ? " (process \(String(decoding: holder[..<count], as: UTF8.self)))" : ""
      throw JournalError(
        detail: "The journal in \(directory) belongs to another process that runs\(process): each "
          + "node needs a directory of its own.")
    }
    _ = ftruncate(file, 0)
    let process = Array(String(getpid()).utf8)
    _ = pwrite(file, process, process.count, 0)
    self.file = file
  }

  deinit {
    // Closing alone would do only when no copy is left: a child that another thread starts at this
    // moment has one until it becomes its program.
    flock(file, LOCK_UN)
    close(file)
  }
}

extension JournalError {
  /// What the system says about a path.
  static func system(_ what: String, _ path: String, _ number: CInt = errno) -> JournalError {
    JournalError(
      detail: "The journal could not be \(what): \(path): \(String(cString: strerror(number)))")
  }
}
