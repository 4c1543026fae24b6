import LibPQ

/// The statements of the migration of an existing installation.
enum LegacySQL {
  static let lock = statement("lock_legacy", 0, PackageResources.lock_legacy_sql)
  static let readState = statement("read_legacy_state", 0, PackageResources.read_legacy_state_sql)
  static let begin = statement("begin_legacy", 0, PackageResources.begin_legacy_sql)
  static let checkTables = statement(
    "check_legacy_tables", 0, PackageResources.check_legacy_tables_sql)
  static let checkRows = statement("check_legacy_rows", 0, PackageResources.check_legacy_rows_sql)
  static let listStatements = statement(
    "list_legacy_statements", 1, PackageResources.list_legacy_statements_sql)
  static let planRecords = statement(
    "plan_legacy_records", 1, PackageResources.plan_legacy_records_sql)
  static let convertRecords = statement(
    "convert_legacy_records", 2, PackageResources.convert_legacy_records_sql)
  static let numberChildren = statement(
    "number_legacy_children", 3, PackageResources.number_legacy_children_sql)
  static let countLeft = statement("count_legacy_left", 0, PackageResources.count_legacy_left_sql)
  static let switchOver = statement("switch_legacy", 1, PackageResources.switch_legacy_sql)
  static let finish = statement("finish_legacy", 0, PackageResources.finish_legacy_sql)
  static let forecast = statement("forecast_legacy", 0, PackageResources.forecast_legacy_sql)
  static let listChanges = statement(
    "list_legacy_changes", 4, PackageResources.list_legacy_changes_sql)
  static let countChanges = statement(
    "count_legacy_changes", 0, PackageResources.count_legacy_changes_sql)

  private static func statement(_ name: String, _ parameters: Int, _ bytes: [UInt8]) -> Statement {
    Statement(
      name: "registry_" + name, sql: String(decoding: bytes, as: UTF8.self),
      parameterCount: parameters)
  }
}
