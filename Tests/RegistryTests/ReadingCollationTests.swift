import Coordinator
import DatabaseFixture
import LibPQ
import LocalCluster
import Testing

extension ReadingTests {
  /// The queries of the summary (requirements, part B), word for word, in databases of several collations.
  struct Collation {
    static let queries = [
      (
        "SELECT * FROM job_executions WHERE execution_serial LIKE 'J202500001.%';",
        "job_executions_execution_serial_key", 5
      ),
      (
        "SELECT * FROM job_execution_branches WHERE branch_serial LIKE 'J202500001.0001.%';",
        "job_execution_branches_branch_serial_key", 2
      ),
      (
        "SELECT * FROM job_execution_branches WHERE target_serial_ref = 'T202500045';",
        "job_execution_branches_target", 100
      ),
      (
        """
        SELECT je.execution_serial, j.name, jeb.result_error
        FROM job_execution_branches jeb
        JOIN job_executions je ON jeb.job_execution_id = je.id
        JOIN jobs j ON je.job_id = j.id
        WHERE jeb.target_serial_ref = 'T202500045'
          AND jeb.status = 'failed'
        ORDER BY je.started_at DESC;
        """, "job_execution_branches_target", 50
      ),
    ]

    @Test(arguments: [
      "LC_COLLATE 'C' LC_CTYPE 'C'", "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
    ])
    func theQueriesOfTheSummaryAreServedByAnIndex(collation: String) async throws {
      let server = try await Fixture.shared.server()
      let name = collation.contains("icu") ? "reading_icu" : "reading_c"
      _ = try await server.sql(
        "CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8' \(collation)")
      let admin = try await Fixture.connect(server, role: "postgres", name, limits: .migration)
      _ = try await Migrator(connection: admin).run()
      try await ReadingData.fill(admin)
      await admin.close()
      let uri = try server.uri(role: "postgres", database: name)
      // Bytes order "B" before "a"; the collation does not, where there is one.
      #expect(
        try await server.sql("SELECT 'a' < 'B' COLLATE \"default\"", at: uri)
          == (collation.contains("icu") ? "t" : "f"))
      for (query, index, count) in Self.queries {
        let plan = try await server.sql("EXPLAIN \(query)", at: uri)
        #expect(plan.contains(index), "\(plan)")
        #expect(Plan.wholeTables(in: plan).isEmpty, "\(plan)")
        let rows = try await server.sql(
          "SELECT count(*) FROM (\(query.split(separator: ";")[0])) found", at: uri)
        #expect(rows == "\(count)", "\(query)")
      }
    }
  }
}
