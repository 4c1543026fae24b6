import Glibc

/// An account of this machine under which a process runs.
package struct Account: Sendable, Equatable {
  package let name: String
  package let userID: UInt32
  package let groupID: UInt32

  /// The account of that name, if there is one.
  package init?(named name: String) {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16_384)
    guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
      return nil
    }
    self.name = name
    userID = entry.pw_uid
    groupID = entry.pw_gid
  }

  private init(name: String, userID: UInt32, groupID: UInt32) {
    self.name = name
    self.userID = userID
    self.groupID = groupID
  }

  /// The account that this process runs as.
  package static var current: Account {
    let name = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(geteuid())"
    return Account(name: name, userID: geteuid(), groupID: getegid())
  }

  /// The account for a PostgreSQL server, which refuses to run as root.
  ///
  /// Ours, unless we are root; then `postgres`, which Debian's packages make; a machine with
  /// PostgreSQL from elsewhere gets an account of its own. `nobody` is the last resort: what it
  /// owns, other services that run as `nobody` can reach too.
  static func forServer() async throws -> Account {
    guard geteuid() == 0 else { return current }
    if let account = Account(named: "postgres") { return account }
    let own = "seriald-local"
    if Account(named: own) == nil, let useradd = Command.find("useradd") {
      _ = try? await Command.run(
        useradd, ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", own])
    }
    if let account = Account(named: own) ?? Account(named: "nobody") { return account }
    throw LocalClusterError(
      .missingProgram, "PostgreSQL refuses to run as root, and there is no account to run it as.",
      advice: "Make one with `useradd --system postgres`, or run as an ordinary user.")
  }

  /// What to put before a command so that it runs as this account; empty when we are that account.
  ///
  /// `setpriv` (util-linux, on every Debian) changes the ids and then becomes the command: the
  /// pid stays the same, no session or login is made, and nothing asks for a password.
  var commandPrefix: [String] {
    guard geteuid() == 0, userID != 0 else { return [] }
    let setpriv = Command.find("setpriv") ?? "/usr/bin/setpriv"
    return [setpriv, "--reuid=\(userID)", "--regid=\(groupID)", "--clear-groups", "--"]
  }

  /// Whether this account can enter the folder. Asked by trying, since modes, lists of rights and
  /// mounts all have a say.
  package func canEnter(_ folder: String) async -> Bool {
    guard let test = Command.find("test") else { return false }
    let result = try? await Command.run(test, ["-x", folder], as: self, limit: .seconds(10))
    return result?.succeeded ?? false
  }
}
