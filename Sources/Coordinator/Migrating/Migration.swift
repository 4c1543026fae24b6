import Crypto

/// One step of the schema: numbered, forward only, never changed once it was applied anywhere.
public struct Migration: Sendable, Equatable {
  public let version: Int
  public let name: String
  let sql: String

  /// SHA-256 of the text, in hexadecimal digits.
  public var checksum: String {
    SHA256.hash(data: Array(sql.utf8)).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  /// The migrations of this binary, by version.
  public static let all: [Migration] = [
    Migration(1, "ledger_tables", PackageResources._001_ledger_tables_sql),
    Migration(2, "ledger_check", PackageResources._002_ledger_check_sql),
    Migration(3, "closing_leases", PackageResources._003_closing_leases_sql),
    Migration(4, "boots_and_grants", PackageResources._004_boots_and_grants_sql),
    Migration(5, "commits", PackageResources._005_commits_sql),
    Migration(6, "views_and_rights", PackageResources._006_views_and_rights_sql),
    Migration(7, "generations", PackageResources._007_generations_sql),
    Migration(8, "keys_and_quotas", PackageResources._008_keys_and_quotas_sql),
    Migration(9, "grants_again", PackageResources._009_grants_again_sql),
    Migration(10, "commits_again", PackageResources._010_commits_again_sql),
    Migration(11, "reports", PackageResources._011_reports_sql),
    Migration(12, "operating", PackageResources._012_operating_sql),
    Migration(13, "history", PackageResources._013_history_sql),
    Migration(14, "verify", PackageResources._014_verify_sql),
    Migration(15, "registry_tables", PackageResources._015_registry_tables_sql),
    Migration(16, "record_guards", PackageResources._016_record_guards_sql),
    Migration(17, "record_numbers", PackageResources._017_record_numbers_sql),
    Migration(18, "record_voids", PackageResources._018_record_voids_sql),
    Migration(19, "commit_records", PackageResources._019_commit_records_sql),
    Migration(20, "commits_with_records", PackageResources._020_commits_with_records_sql),
    Migration(21, "record_writing", PackageResources._021_record_writing_sql),
    Migration(22, "record_retention", PackageResources._022_record_retention_sql),
    Migration(23, "record_reading", PackageResources._023_record_reading_sql),
    Migration(24, "legacy", PackageResources._024_legacy_sql),
    Migration(25, "legacy_steps", PackageResources._025_legacy_steps_sql),
    Migration(26, "legacy_checks", PackageResources._026_legacy_checks_sql),
    Migration(27, "reports_again", PackageResources._027_reports_again_sql),
  ]

  /// The schema versions that this binary works with.
  public static let supported: ClosedRange<Int> = 27...27

  init(_ version: Int, _ name: String, _ bytes: [UInt8]) {
    self.init(version: version, name: name, sql: SQL.text(bytes))
  }

  init(version: Int, name: String, sql: String) {
    self.version = version
    self.name = name
    self.sql = sql
  }
}
