import LibPQ

/// The statements of `SQL/`, embedded in the binary and prepared once on each connection.
enum SQL {
  static let registerBoot = statement("register_boot", 2, PackageResources.register_boot_sql)
  static let acquireBlocks = statement("acquire_blocks", 9, PackageResources.acquire_blocks_sql)
  static let commitNumbers = statement("commit_numbers", 16, PackageResources.commit_numbers_sql)
  static let readBack = statement("read_back", 5, PackageResources.read_back_sql)
  static let renewLeases = statement("renew_leases", 4, PackageResources.renew_leases_sql)
  static let releaseLeases = statement("release_leases", 4, PackageResources.release_leases_sql)
  static let reapExpired = statement("reap_expired", 0, PackageResources.reap_expired_sql)
  static let listLedger = statement("list_ledger", 0, PackageResources.list_ledger_sql)
  static let listNodes = statement("list_nodes", 0, PackageResources.list_nodes_sql)
  static let listLeases = statement("list_leases", 0, PackageResources.list_leases_sql)
  static let locateNumber = statement("locate_number", 3, PackageResources.locate_number_sql)
  static let readSchemaVersion = statement(
    "read_schema_version", 0, PackageResources.read_schema_version_sql)
  static let enrollNode = statement("enroll_node", 2, PackageResources.enroll_node_sql)
  static let listMigrations = statement("list_migrations", 0, PackageResources.list_migrations_sql)
  static let recordMigration = statement(
    "record_migration", 3, PackageResources.record_migration_sql)
  static let lockMigrations = statement("lock_migrations", 0, PackageResources.lock_migrations_sql)
  /// Several statements, to be run as a script.
  static let prepareMigrations = text(PackageResources.prepare_migrations_sql)

  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func statement(_ name: String, _ parameters: Int, _ bytes: [UInt8]) -> Statement {
    Statement(name: "serial_" + name, sql: text(bytes), parameterCount: parameters)
  }
}
