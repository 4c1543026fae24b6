/// A statement that a connection prepares once, when it is first executed there.
///
/// The SQL is constant text; values are always parameters (`$1`, `$2`, ...).
public struct Statement: Sendable, Hashable {
  /// What the statement is called in errors, logs and `pg_prepared_statements`.
  public let name: String
  /// One SQL statement.
  public let sql: String
  /// How many parameters it takes.
  public let parameterCount: Int

  /// Makes a statement.
  public init(name: String, sql: String, parameterCount: Int) {
    self.name = name
    self.sql = sql
    self.parameterCount = parameterCount
  }
}
