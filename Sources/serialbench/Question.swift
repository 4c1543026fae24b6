import LibPQ

/// A job, an execution of it and a target, drawn by lot.
struct Subject: Sendable {
  let job: Int
  let execution: Int
  let target: Int

  var jobSerial: String { "J2026" + Self.padded(job, 5) }
  var executionSerial: String { jobSerial + "." + Self.padded(execution, 4) }
  var branchSerial: String { executionSerial + "." + Self.padded(target, 4) }
  var targetSerial: String { "T2026" + Self.padded(target, 5) }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}

/// What is asked of a node, and of the database alone.
struct Question: Sendable {
  let name: String
  /// Of so many calls one is made, since it costs more.
  let weight: Int
  let path: @Sendable (Subject) -> String
  let statement: Statement
  let parameters: @Sendable (Subject) -> [Parameter]

  static let all = [
    Question(
      name: "lookup of a result by serial", weight: 1,
      path: { "/api/executions/branch/\($0.branchSerial)" },
      statement: Statement(
        name: "bench_branch",
        sql: """
          SELECT b.*, t.name, t.target_serial, j.job_serial, j.name
          FROM public.job_execution_branches b
          JOIN public.job_executions e ON e.id = b.job_execution_id
          JOIN public.jobs j ON j.id = e.job_id
          JOIN public.universal_targets t ON t.id = b.target_id
          WHERE b.branch_serial = $1
          """, parameterCount: 1),
      parameters: { [.text($0.branchSerial)] }),
    Question(
      name: "lookup of a job by serial", weight: 1, path: { "/api/jobs/\($0.jobSerial)" },
      statement: Statement(
        name: "bench_job", sql: "SELECT * FROM public.jobs WHERE job_serial = $1",
        parameterCount: 1),
      parameters: { [.text($0.jobSerial)] }),
    Question(
      name: "execution with its first 100 results", weight: 4,
      path: { "/api/executions/serial/\($0.executionSerial)?limit=100" },
      statement: Statement(
        name: "bench_execution",
        sql: """
          SELECT b.* FROM public.job_execution_branches b
          WHERE b.branch_serial ~>=~ ($1::text || '.') AND b.branch_serial ~<~ ($1::text || '/')
          ORDER BY b.branch_serial USING ~<~ LIMIT 100
          """, parameterCount: 1),
      parameters: { [.text($0.executionSerial)] }),
    Question(
      name: "performance of a target over 30 days", weight: 4,
      path: { "/api/targets/\($0.targetSerial)/performance?days=30" },
      statement: Statement(
        name: "bench_performance",
        sql: """
          SELECT count(*), count(*) FILTER (WHERE status = 'completed'),
            count(*) FILTER (WHERE status = 'failed'),
            avg(extract(epoch FROM completed_at - started_at))
          FROM public.job_execution_branches
          WHERE target_serial_ref = $1 AND created_at >= now() - interval '30 days'
          """, parameterCount: 1),
      parameters: { [.text($0.targetSerial)] }),
    Question(
      name: "search by the prefix of a serial", weight: 4,
      path: { "/api/search?q=\($0.executionSerial)&type=branch&limit=50" },
      statement: Statement(
        name: "bench_prefix",
        sql: """
          SELECT b.branch_serial, b.status FROM public.job_execution_branches b
          WHERE b.branch_serial ~>=~ $1::text AND b.branch_serial ~<~ ($1::text || ':')
          ORDER BY b.branch_serial USING ~<~ LIMIT 50
          """, parameterCount: 1),
      parameters: { [.text($0.executionSerial)] }),
    Question(
      name: "search by a part of a name", weight: 20,
      path: { "/api/search?q=server-\($0.target).&type=all&limit=50" },
      statement: Statement(
        name: "bench_name",
        sql: """
          SELECT target_serial, name FROM public.universal_targets
          WHERE name ILIKE '%' || $1 || '%' LIMIT 50
          """, parameterCount: 1),
      parameters: { [.text("server-\($0.target).")] }),
    Question(
      name: "executions of the last 7 days by hour", weight: 20,
      path: { _ in "/api/analytics/executions?period=7d&group_by=hour" },
      statement: Statement(
        name: "bench_analytics",
        sql: """
          SELECT date_trunc('hour', created_at), count(*) FROM public.job_executions
          WHERE created_at >= now() - interval '7 days' GROUP BY 1
          """, parameterCount: 0),
      parameters: { _ in [] }),
  ]
}
