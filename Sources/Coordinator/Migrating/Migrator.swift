public import LibPQ
import Logging

/// Applies migrations, each in a transaction of its own, under an advisory lock: two at once are
/// harmless.
public struct Migrator: Sendable {
  let connection: Connection
  let migrations: [Migration]

  /// - Parameter connection: an administrator's, with `SessionLimits.migration`.
  public init(connection: Connection, migrations: [Migration] = Migration.all) {
    self.connection = connection
    self.migrations = migrations
  }

  /// Applies what is missing; `report` is told before each step. Returns what was applied.
  ///
  /// Throws `MigrationError` when the database holds a migration that this binary does not know, or
  /// knows with another text; nothing is changed then.
  public func run(report: @Sendable (Migration) -> Void = { _ in }) async throws -> [Migration] {
    try await waitForOtherMigrations()
    _ = try await connection.simpleScript(SQL.prepareMigrations)
    let missing = try missing(after: try await applied())
    for migration in missing {
      report(migration)
      try await connection.transaction { connection in
        _ = try connection.simpleScript(migration.sql)
        _ = try connection.execute(
          SQL.recordMigration,
          [.int(migration.version), .text(migration.name), .text(migration.checksum)])
      }
    }
    return missing
  }

  /// Another run may take longer than a migration may wait for a lock of its own: the session's limit
  /// of locks holds for what migrations lock, not for this wait, which the limit of statements bounds.
  private func waitForOtherMigrations() async throws {
    try await connection.transaction { connection in
      _ = try connection.simpleScript("SET LOCAL lock_timeout = 0")
      _ = try connection.execute(SQL.lockMigrations)
    }
  }

  struct Applied: Sendable, Equatable {
    let version: Int
    let name: String
    let checksum: String
  }

  private func applied() async throws -> [Applied] {
    try await connection.execute(SQL.listMigrations).rows.map { row in
      Applied(
        version: try row.decode("version"), name: try row.decode("name"),
        checksum: try row.decode("checksum"))
    }
  }

  /// What is left to do after `applied`; pure.
  func missing(after applied: [Applied]) throws(MigrationError) -> [Migration] {
    for step in applied {
      guard let known = migrations.first(where: { $0.version == step.version }) else {
        throw MigrationError(
          "the database holds migration \(step.version) (\(step.name)), which this binary does not "
            + "know: use a newer one")
      }
      guard known.checksum == step.checksum else {
        throw MigrationError(
          "migration \(step.version) was applied with checksum \(step.checksum), and this binary "
            + "has \(known.checksum): a migration that was applied must not change")
      }
    }
    let highest = applied.map(\.version).max() ?? 0
    let rest = migrations.filter { migration in
      !applied.contains { $0.version == migration.version }
    }
    if let late = rest.first(where: { $0.version < highest }) {
      throw MigrationError(
        "migration \(late.version) (\(late.name)) was left out though \(highest) was applied")
    }
    return rest.sorted { $0.version < $1.version }
  }
}

public struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
