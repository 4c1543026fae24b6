import LibPQ
import Records

/// The statements that read records. A file may have marks in braces, which are filled here from a
/// closed set of texts; values are always parameters.
extension RegistrySQL {
  static let findAliases = reading("find_aliases", 1, PackageResources.find_aliases_sql)
  static let findJobs = reading("find_jobs", 1, PackageResources.find_jobs_sql)
  static let findJobByID = reading("find_job_by_id", 1, PackageResources.find_job_by_id_sql)
  static let findTargets = reading("find_targets", 1, PackageResources.find_targets_sql)
  static let findTargetByID = reading(
    "find_target_by_id", 1, PackageResources.find_target_by_id_sql)
  static let findExecutions = reading("find_executions", 1, PackageResources.find_executions_sql)
  static let findBranches = reading("find_branches", 1, PackageResources.find_branches_sql)
  static let findBranch = reading(
    "find_branch", 1, PackageResources.find_branch_sql, outputs: .whole)
  static let searchSerials = reading("search_serials", 7, PackageResources.search_serials_sql)
  static let searchNames = reading("search_names", 7, PackageResources.search_names_sql)
  static let showPerformance = reading(
    "show_performance", 2, PackageResources.show_performance_sql)
  static let listResults = reading("list_results", 3, PackageResources.list_results_sql)
  static let analyzeExecutions = reading(
    "analyze_executions", 2, PackageResources.analyze_executions_sql)
  static let compareJobs = reading("compare_jobs", 2, PackageResources.compare_jobs_sql)
  static let measureJob = reading("measure_job", 2, PackageResources.measure_job_sql)

  static let listExecutions = children("list_executions", PackageResources.list_executions_sql)
  static let listBranches = children("list_branches", PackageResources.list_branches_sql)

  static func listJobs(_ order: ListOrder, isNamed: Bool, isFirst: Bool) -> Statement {
    list(
      "list_jobs", 4, PackageResources.list_jobs_sql, "j", "public.jobs", order, isNamed, isFirst)
  }

  static func listTargets(_ order: ListOrder, isNamed: Bool, isFirst: Bool) -> Statement {
    list(
      "list_targets", 7, PackageResources.list_targets_sql, "t", "public.universal_targets", order,
      isNamed, isFirst)
  }

  /// Every statement that reads, for tests of their plans.
  static let reading: [Statement] =
    [
      findAliases, findJobs, findJobByID, findTargets, findTargetByID, findExecutions, findBranches,
      findBranch, searchSerials, searchNames, showPerformance, listResults,
      analyzeExecutions, compareJobs, measureJob, listExecutions.ascending,
      listExecutions.descending, listBranches.ascending, listBranches.descending,
    ]
    + everyList(JobQuery.Sort.allCases.map(ListOrder.Key.init), listJobs)
    + everyList(TargetQuery.Sort.allCases.map(ListOrder.Key.init), listTargets)

  private static func everyList(
    _ keys: [ListOrder.Key], _ list: (ListOrder, _ isNamed: Bool, _ isFirst: Bool) -> Statement
  ) -> [Statement] {
    keys.flatMap { key in
      [false, true].flatMap { isDescending in
        [false, true].flatMap { isNamed in
          [false, true].map { isFirst in
            list(ListOrder(key: key, isDescending: isDescending), isNamed, isFirst)
          }
        }
      }
    }
  }

  /// A list of children, both ways.
  struct Children {
    let ascending: Statement
    let descending: Statement
  }

  private static func children(_ name: String, _ bytes: [UInt8]) -> Children {
    Children(
      ascending: reading(name + "_ascending", 4, bytes, marks: [("order", "~<~")]),
      descending: reading(name + "_descending", 4, bytes, marks: [("order", "~>~")]))
  }

  /// Which outputs a branch is shown with.
  enum Outputs {
    case whole
    /// 1,000 characters. The server reads no more of them: a text that is stored aside is fetched, and
    /// expanded, only so far.
    case beginnings

    func column(_ column: String) -> String {
      switch self {
      case .whole: "b.\(column)"
      case .beginnings: "left(b.\(column), 1000)"
      }
    }
  }

  private static func list(
    _ name: String, _ parameters: Int, _ bytes: [UInt8], _ row: String, _ table: String,
    _ order: ListOrder, _ isNamed: Bool, _ isFirst: Bool
  ) -> Statement {
    reading(
      "\(name)_\(order.name)\(isNamed ? "_named" : "")\(isFirst ? "_first" : "")",
      isFirst ? parameters : parameters + 2, bytes,
      marks: [
        ("source", isNamed ? "named" : table), ("order", order.sql(row)),
        ("after", isFirst ? "true" : order.after(row, key: parameters + 1, id: parameters + 2)),
      ])
  }

  private static func reading(
    _ name: String, _ parameters: Int, _ bytes: [UInt8], outputs: Outputs = .beginnings,
    marks: [(mark: String, text: String)] = []
  ) -> Statement {
    let columns: [(mark: String, text: String)] = [
      ("job", text(PackageResources.show_job_sql)),
      ("target", text(PackageResources.show_target_sql)),
      ("execution", text(PackageResources.show_execution_sql)),
      ("branch", text(PackageResources.show_branch_sql)),
      ("totals", text(PackageResources.show_totals_sql)),
      ("hits", text(PackageResources.show_hits_sql)),
      ("output", outputs.column("result_output")), ("error", outputs.column("result_error")),
    ]
    let sql = (marks + columns).reduce(text(bytes)) { sql, part in
      sql.replacing("{\(part.mark)}", with: part.text)
    }
    return Statement(name: "registry_" + name, sql: sql, parameterCount: parameters)
  }

  /// A file without its header.
  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("--") }
      .joined(separator: "\n")
  }
}
