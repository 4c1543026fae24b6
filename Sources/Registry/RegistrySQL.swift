import LibPQ

/// The statements of `SQL/`, embedded in the binary and prepared once on each connection.
enum RegistrySQL {
  static let readState = statement("read_state", 0, PackageResources.read_state_sql)

  static func statement(_ name: String, _ parameters: Int, _ bytes: [UInt8]) -> Statement {
    Statement(
      name: "registry_" + name, sql: String(decoding: bytes, as: UTF8.self),
      parameterCount: parameters)
  }
}
