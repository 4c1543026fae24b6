public import Allocator
public import LibPQ

/// Whether a node may serve on the schema that it found.
public enum SchemaVersion {
  /// Throws `rejected` when the schema is older or newer than this binary works with, or missing.
  public static func check(_ pool: ConnectionPool, callMilliseconds: Int)
    async throws(CoordinatorError)
  {
    let result: StatementResult
    do {
      result = try await pool.call(SQL.readSchemaVersion, [], milliseconds: callMilliseconds)
    } catch {
      guard error.code == .rejected else { throw error }
      throw CoordinatorError(
        .rejected,
        detail: "the schema of the coordinator cannot be read: run `seriald migrate` and "
          + "`seriald enroll` first (\(error.detail))")
    }
    let version: Int = try answer { try result.singleRow().decode("version") }
    guard Migration.supported.contains(version) else {
      let supported = Migration.supported
      throw CoordinatorError(
        .rejected,
        detail: "the coordinator's schema has version \(version), and this binary works with "
          + "\(supported.lowerBound) to \(supported.upperBound): "
          + (version < supported.lowerBound
            ? "run `seriald migrate`" : "use a newer binary"))
    }
  }
}

/// Enrols a node as an administrator. Idempotent.
public enum Enrollment {
  /// Returns whether the node was new. Throws when the name is in use in another region.
  public static func enroll(node: String, region: String, on connection: Connection) async throws
    -> Bool
  {
    let result = try await connection.execute(SQL.enrollNode, [.text(node), .text(region)])
    return try result.singleRow().decode("outcome", as: String.self) == "enrolled"
  }
}
