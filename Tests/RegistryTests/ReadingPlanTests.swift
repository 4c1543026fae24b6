import DatabaseFixture
import LibPQ
import Testing

@testable import Registry

extension ReadingTests {
  struct Plan {
    /// Tables that only grow; a sequential scan of one of them is a matter of minutes one day.
    static let big = ["jobs", "universal_targets", "job_executions", "job_execution_branches"]

    /// Plans as they are kept for a prepared statement: they know none of its values.
    @Test func noStatementReadsAWholeTable() async throws {
      let database = try await ReadingData.full.database()
      #expect(RegistrySQL.reading.count == 67)
      #expect(Set(RegistrySQL.reading.map(\.name)).count == RegistrySQL.reading.count)
      for statement in RegistrySQL.reading {
        let plan = try await database.sql(Self.genericPlan(of: statement))
        #expect(Self.wholeTables(in: plan).isEmpty, "\(statement.name):\n\(plan)")
        #expect(!plan.contains("Seq Scan on aliases") || statement.name.hasSuffix("find_aliases"))
      }
    }

    @Test func aWholeTableIsSeen() async throws {
      let database = try await ReadingData.full.database()
      let bad = Statement(
        name: "bad", sql: "SELECT * FROM public.jobs WHERE description = $1", parameterCount: 1)
      let plan = try await database.sql(Self.genericPlan(of: bad))
      #expect(Self.wholeTables(in: plan) == ["jobs"])
    }

    @Test func pagesWalkTheIndexOfTheirOrder() async throws {
      let database = try await ReadingData.full.database()
      let lists = RegistrySQL.reading.filter {
        ($0.name.contains("list_jobs") || $0.name.contains("list_targets"))
          && !$0.name.contains("named")
      }
      #expect(lists.count == 24)
      for list in lists {
        let plan = try await database.sql(Self.genericPlan(of: list))
        #expect(!plan.contains("Sort"), "\(list.name):\n\(plan)")
        #expect(
          !plan.contains("Bitmap Heap Scan on \(list.name.contains("jobs") ? "jobs j" : "t"))"))
      }
    }

    @Test func namesAreFoundByTrigrams() async throws {
      let database = try await ReadingData.full.database()
      let search = try await database.sql(Self.genericPlan(of: RegistrySQL.searchNames))
      #expect(search.contains("jobs_name_trgm"))
      #expect(search.contains("universal_targets_name_trgm"))
      #expect(search.contains("job_execution_branches_target"))
      for list in RegistrySQL.reading where list.name.contains("named") {
        let plan = try await database.sql(Self.genericPlan(of: list))
        #expect(plan.contains("name_trgm"), "\(list.name)")
      }
    }

    @Test func searchesBySerialReadOnlyIndexRanges() async throws {
      let database = try await ReadingData.full.database()
      let plan = try await database.sql(Self.genericPlan(of: RegistrySQL.searchSerials))
      for index in [
        "jobs_job_serial_key", "universal_targets_target_serial_key",
        "job_executions_execution_serial_key", "job_execution_branches_branch_serial_key",
      ] {
        #expect(plan.contains("Index Only Scan using \(index)"), "\(plan)")
      }
    }

    @Test func totalsOfATargetAreReadFromTheIndexAlone() async throws {
      let database = try await ReadingData.full.database()
      let plan = try await database.sql(Self.genericPlan(of: RegistrySQL.showPerformance))
      #expect(
        plan.contains("Index Only Scan using job_execution_branches_target"), "\(plan)")
    }

    @Test func activeExecutionsHaveAnIndexOfTheirOwn() async throws {
      let database = try await ReadingData.full.database()
      let plan = try await database.sql(
        """
        EXPLAIN SELECT * FROM job_executions WHERE status IN ('scheduled', 'running')
          ORDER BY created_at
        """)
      #expect(plan.contains("job_executions_active"))
      let branches = try await database.sql(
        """
        EXPLAIN SELECT count(*) FROM job_execution_branches
          WHERE status IN ('scheduled', 'running')
        """)
      #expect(branches.contains("job_execution_branches_active"))
    }

    /// EXPLAIN of the plan for any values.
    static func genericPlan(of statement: Statement) -> String {
      let values = Array(repeating: "NULL", count: statement.parameterCount)
      let call = values.isEmpty ? "asked" : "asked (\(values.joined(separator: ", ")))"
      return """
        SET plan_cache_mode = force_generic_plan;
        PREPARE asked AS \(statement.sql);
        EXPLAIN EXECUTE \(call)
        """
    }

    static func wholeTables(in plan: String) -> [String] {
      big.filter { table in
        plan.split(separator: "\n").contains { line in
          line.contains("Seq Scan on \(table) ") || line.hasSuffix("Seq Scan on \(table)")
        }
      }
    }
  }
}
