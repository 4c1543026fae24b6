import LibPQ

extension LegacyMigration {
  private static let page = 5_000

  /// What a run would do, without writing anything: one transaction that only reads.
  ///
  /// - Parameter report: told every change, in pages, by table, id and column.
  ///
  /// Throws `LegacyError` `stopped` with what stands against it.
  public func rehearse(_ report: @escaping @Sendable ([LegacyChange]) throws -> Void = { _ in })
    async throws -> [LegacyForecast]
  {
    let state = try await readState()
    guard state.name != "ready", !state.isSwitched else {
      try await changes(report)
      return []
    }
    return try await connection.transaction { connection in
      try connection.simpleScript("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
      try await check()
      let forecast = try connection.execute(LegacySQL.forecast).rows.map(Self.forecast)
      try connection.simpleScript(
        """
        DECLARE legacy_rehearsal NO SCROLL CURSOR FOR SELECT on_table, record_id, on_column, old, new, reason
          FROM serial.rehearse_legacy() ORDER BY on_table, record_id, on_column
        """)
      while true {
        let rows = try connection.simpleScript("FETCH \(Self.page) FROM legacy_rehearsal").rows
        if rows.isEmpty { break }
        try report(rows.map(Self.change))
      }
      return forecast
    }
  }

  /// Every change that the migration has made, also in runs that were killed, by table, id and column.
  public func changes(_ report: @Sendable ([LegacyChange]) throws -> Void) async throws {
    var last: LegacyChange?
    while true {
      let rows = try await connection.execute(
        LegacySQL.listChanges,
        [
          .text(last?.table ?? ""), .int(last?.recordID ?? 0), .text(last?.column ?? ""),
          .int(Self.page),
        ]
      ).rows
      if rows.isEmpty { return }
      let page = try rows.map(Self.change)
      last = page.last
      try report(page)
    }
  }

  /// How many values were changed, by table, column and reason.
  public func summary() async throws -> [LegacySummary] {
    try await connection.execute(LegacySQL.countChanges).rows.map { row in
      LegacySummary(
        table: try row.decode("on_table"), column: try row.decode("on_column"),
        reason: try row.decode("reason"), changes: try row.decode("changes"))
    }
  }

  private static func change(_ row: Row) throws -> LegacyChange {
    LegacyChange(
      table: try row.decode("on_table"), recordID: try row.decode("record_id"),
      column: try row.decode("on_column"), old: try row.text("old"), new: try row.text("new"),
      reason: try row.decode("reason"))
  }

  private static func forecast(_ row: Row) throws -> LegacyForecast {
    LegacyForecast(
      kind: try row.decode("kind"), year: try row.decode("year"),
      records: try row.decode("records"), kept: try row.decode("kept"),
      renumbered: try row.decode("renumbered"), void: try row.decode("void"))
  }
}

/// How often a column was changed for a reason.
public struct LegacySummary: Sendable, Equatable {
  public let table: String
  public let column: String
  public let reason: String
  public let changes: Int
}
