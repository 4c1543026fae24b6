import LibPQ

/// The statements of `SQL/`, embedded in the binary and prepared once on each connection.
enum SQL {
  static let registerBoot = statement("register_boot", 2, PackageResources.register_boot_sql)
  static let acquireBlocks = statement("acquire_blocks", 10, PackageResources.acquire_blocks_sql)
  static let commitNumbers = statement("commit_numbers", 24, PackageResources.commit_numbers_sql)
  static let readBack = statement("read_back", 5, PackageResources.read_back_sql)
  static let renewLeases = statement("renew_leases", 4, PackageResources.renew_leases_sql)
  static let releaseLeases = statement("release_leases", 4, PackageResources.release_leases_sql)
  static let reapExpired = statement("reap_expired", 0, PackageResources.reap_expired_sql)
  static let listLedger = statement("list_ledger", 0, PackageResources.list_ledger_sql)
  static let listNodes = statement("list_nodes", 0, PackageResources.list_nodes_sql)
  static let listLeases = statement("list_leases", 0, PackageResources.list_leases_sql)
  static let locateNumber = statement("locate_number", 3, PackageResources.locate_number_sql)
  static let reportHoldings = statement("report_holdings", 10, PackageResources.report_holdings_sql)
  static let resolveKeys = statement("resolve_keys", 4, PackageResources.resolve_keys_sql)
  static let sweepKeys = statement("sweep_keys", 0, PackageResources.sweep_keys_sql)
  static let sendHint = statement("send_hint", 0, PackageResources.send_hint_sql)
  static let voidNumbers = statement("void_numbers", 6, PackageResources.void_numbers_sql)
  static let unvoidNumbers = statement("unvoid_numbers", 6, PackageResources.unvoid_numbers_sql)
  static let setFrozen = statement("set_frozen", 5, PackageResources.set_frozen_sql)
  static let setReserve = statement("set_reserve", 4, PackageResources.set_reserve_sql)
  static let setQuota = statement("set_quota", 4, PackageResources.set_quota_sql)
  static let drainNode = statement("drain_node", 2, PackageResources.drain_node_sql)
  static let retireNode = statement("retire_node", 3, PackageResources.retire_node_sql)
  static let recoverGrants = statement("recover_grants", 2, PackageResources.recover_grants_sql)
  static let setRecovery = statement("set_recovery", 3, PackageResources.set_recovery_sql)
  static let listEvents = statement("list_events", 5, PackageResources.list_events_sql)
  static let listGaps = statement("list_gaps", 6, PackageResources.list_gaps_sql)
  static let verifyLedger = statement("verify_ledger", 0, PackageResources.verify_ledger_sql)
  static let listHistory = statement("list_history", 0, PackageResources.list_history_sql)
  static let listQuotas = statement("list_quotas", 0, PackageResources.list_quotas_sql)
  static let showGrants = statement("show_grants", 0, PackageResources.show_grants_sql)
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
