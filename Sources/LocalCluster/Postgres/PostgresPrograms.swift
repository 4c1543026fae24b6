import Glibc

/// Where PostgreSQL 15's programs are.
public struct PostgresPrograms: Sendable, Equatable {
  /// The folder that holds `initdb`, `postgres` and `psql`.
  public let folder: String

  /// The version this project is made for and tested with.
  public static let majorVersion = 15

  /// Finds them: Debian's folder first, then `PATH`.
  ///
  /// - Throws: `missingProgram`, with the command that installs them.
  public static func find() async throws -> PostgresPrograms {
    let debian = "/usr/lib/postgresql/\(majorVersion)/bin"
    if access("\(debian)/postgres", X_OK) == 0 { return PostgresPrograms(folder: debian) }
    if let postgres = Command.find("postgres") {
      let version = try await Command.run(postgres, ["--version"], limit: .seconds(10)).output
      if version.contains(" \(majorVersion).") {
        return PostgresPrograms(folder: Folder.parent(of: postgres))
      }
    }
    throw LocalClusterError(
      .missingProgram,
      "PostgreSQL \(majorVersion) is not installed (looked in \(debian) and in PATH).",
      advice: "`make up` installs it, or: apt-get install postgresql-\(majorVersion)")
  }

  var postgres: String { "\(folder)/postgres" }
  var initdb: String { "\(folder)/initdb" }
  var basebackup: String { "\(folder)/pg_basebackup" }

  /// The command line client; Debian keeps it in the same folder, others may not.
  var psql: String {
    let beside = "\(folder)/psql"
    return access(beside, X_OK) == 0 ? beside : Command.find("psql") ?? beside
  }

  /// Runs SQL through `psql` and gives what it prints, unaligned, without headings.
  ///
  /// - Throws: `commandFailed` with what psql said.
  @discardableResult
  public func sql(
    _ statement: String, at uri: ConnectionURI, limit: Duration = .seconds(30)
  ) async throws -> String {
    // Nothing of the user's own: no .psqlrc, no service file, no password file.
    let result = try await Command.run(
      psql,
      [
        "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password",
        "--set=ON_ERROR_STOP=1", "--dbname=\(uri)", "--command=\(statement)",
      ],
      environment: ["PGCONNECT_TIMEOUT": "10", "HOME": "/nonexistent"], limit: limit)
    guard result.succeeded else {
      throw LocalClusterError(.commandFailed, Self.trim(result.errors))
    }
    return Self.trim(result.output)
  }

  private static func trim(_ text: String) -> String {
    var text = text
    while text.last?.isNewline == true { text.removeLast() }
    return text
  }
}
