import FoundationEssentials
import Glibc

/// Folders: making, removing, resolving.
enum Folder {
  /// The path without its last component; "." for a bare name.
  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last component of the path.
  static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The names in an open folder.
  static func names(in folder: OpaquePointer) -> [String] {
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names
  }

  /// Makes the folder and those above it, and sets this folder's mode and owner.
  static func make(_ path: String, mode: mode_t, owner: Account? = nil) throws {
    if mkdir(path, mode) != 0 {
      switch errno {
      case EEXIST where isFolder(path): break
      case ENOENT where parent(of: path) != path:
        try make(parent(of: path), mode: 0o755)
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
          throw LocalClusterError.system("make folder", path)
        }
      default: throw LocalClusterError.system("make folder", path)
      }
    }
    guard chmod(path, mode) == 0 else { throw LocalClusterError.system("chmod", path) }
    if let owner, geteuid() == 0, chown(path, owner.userID, owner.groupID) != 0 {
      throw LocalClusterError.system("chown", path)
    }
  }

  /// A new folder with a random name under the first of `places` that `account` can enter.
  static func makeTemporary(prefix: String, places: [String], account: Account) async throws
    -> String
  {
    for place in places where isFolder(place) {
      var template = Array("\(place)/\(prefix)XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { continue }
      let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      // 0711: another account may pass through, but not look around.
      try make(path, mode: 0o711)
      if await account.canEnter(path) { return path }
      rmdir(path)
    }
    throw LocalClusterError(
      .unreachableFolder,
      "None of \(places.joined(separator: ", ")) can be written and entered by \(account.name).")
  }

  /// Whether there is a folder at `path`, links followed.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether anything is at `path`, a dangling link too.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The absolute path without links, or `nil` when there is nothing there.
  static func resolve(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// Removes the folder with all it holds; one that is not there is no error.
  static func removeAll(_ path: String) throws {
    guard exists(path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      guard exists(path) else { return }
      throw LocalClusterError(
        .unreachableFolder, "\(path) cannot be removed: \(error).",
        advice: "Remove it as the user who owns it.")
    }
  }

  /// Refuses early when less than `bytes` are free: a database that runs out of space half-way
  /// through its making leaves a message that nobody understands.
  static func requireSpace(_ bytes: UInt64, at path: String) throws {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return }
    let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
    guard free < bytes else { return }
    throw LocalClusterError(
      .diskFull,
      "Only \(free >> 20) MB are free at \(path); \(bytes >> 20) MB are needed.",
      advice: "Free some space (`df -h \(path)` shows how much there is), then run it again.")
  }
}
