import Crypto
import FoundationEssentials
import Glibc

/// Where the data directory of a project's cluster lies.
///
/// In the project's own `.serial/pgdata`, whenever the account that runs PostgreSQL can get there.
/// When we are root that account is another one, and a project under `/root` or in a home with mode
/// 0700 is closed to it; neither an inherited folder nor a bind mount helps, since the server
/// resolves its data directory to an absolute path, and opening somebody's home for it would be
/// wrong. Then the data lies under `/var/lib/seriald-local`, in a folder named after the project's
/// path, and `.serial/pgdata` is a link to it.
struct DataLocation {
  /// The project's `.serial`, absolute and without links.
  let serialFolder: String

  private var link: String { "\(serialFolder)/pgdata" }

  /// The data directory, chosen when there is none yet. Its parent exists.
  func locate(account: Account, places: [String] = ["/var/lib", "/var/tmp"]) async throws -> String
  {
    if let target = linkTarget { return try adopt(target, account: account) }
    if Folder.isFolder(link) { return link }
    if await account.canEnter(serialFolder) { return link }
    for place in places where access(place, W_OK) == 0 {
      let common = "\(place)/seriald-local"
      try Folder.make(common, mode: 0o711)
      let own = "\(common)/\(name)"
      try Folder.make(own, mode: 0o711)
      guard await account.canEnter(own) else {
        rmdir(own)
        continue
      }
      try LocalFile.write(serialFolder.utf8, to: "\(own)/project", mode: 0o600)
      guard symlink("\(own)/data", link) == 0 else { throw LocalClusterError.system("link", link) }
      return "\(own)/data"
    }
    throw LocalClusterError(
      .unreachableFolder,
      "The account \(account.name), which runs PostgreSQL, can enter neither \(serialFolder)"
        + " nor a folder under \(places.joined(separator: " or ")).",
      advice: "Move the project to a folder that other accounts may pass through.")
  }

  /// The data directory if there is one, without choosing.
  var existing: String? { linkTarget ?? (Folder.isFolder(link) ? link : nil) }

  /// Removes the data directory, wherever it lies, and what points to it.
  func erase() throws {
    if let target = linkTarget {
      // Only a folder that we made, and that is still ours.
      let own = Folder.parent(of: target)
      if (try? LocalFile.readText("\(own)/project")) == serialFolder { try Folder.removeAll(own) }
      try LocalFile.remove(link)
    } else {
      try Folder.removeAll(link)
    }
  }

  /// A copied project folder brings the link along, but not the data: two clusters must not share.
  private func adopt(_ target: String, account: Account) throws -> String {
    let own = Folder.parent(of: target)
    let marker = "\(own)/project"
    let owner = try LocalFile.readText(marker)
    if owner != serialFolder {
      if let owner, DataLocation(serialFolder: owner).linkTarget == target {
        throw LocalClusterError(
          .conflict, "\(link) points to the data of another project, \(owner).",
          advice: "Remove that link (`rm \(link)`); this project then gets data of its own.")
      }
      try Folder.make(own, mode: 0o711)
      try LocalFile.write(serialFolder.utf8, to: marker, mode: 0o600)
    }
    return target
  }

  private var linkTarget: String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(link, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private var name: String {
    let hash = SHA256.hash(data: Data(serialFolder.utf8)).prefix(6)
      .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    let project = Folder.name(of: Folder.parent(of: serialFolder))
      .filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    return "\(project)-\(hash)"
  }
}
