import Foundation
import NIOHTTP1
import Testing

/// The examples of the summary (requirements, part B), each with the data that it speaks of.
@Suite(.serialized)
struct ScenarioTests {
  /// The 45th target is the production server; the job's third execution has it as its 15th.
  private struct Scene {
    let job: String
    let production: String
    let branch: String
  }

  private func prepare(_ records: Records) async throws -> Scene {
    let names = (1...44).map { "Staging server \($0)" } + ["Production server"]
    let targets = try await records.createTargets(names)
    let job = try await records.createJob("System Update")
    let others = Array(targets[..<14])
    for _ in 1...2 { _ = try await records.execute(job, on: others + [targets[44]]) }
    let third = try await records.execute(job, on: others + [targets[44]])
    let branch = third + ".0015"
    try await records.call(
      .PATCH, "/api/executions/branch/\(branch)", ["status": "running"])
    try await records.call(
      .PATCH, "/api/executions/branch/\(branch)",
      ["status": "failed", "exit_code": 3, "result_error": "no space left on device"])
    return Scene(job: job, production: targets[44], branch: branch)
  }

  @Test(.timeLimit(.minutes(5)))
  func supportFindsWhatFailedWhere() async throws {
    try await TestCluster.run { cluster in
      let scene = try await prepare(Records(cluster, node: "eu-1"))
      #expect(scene.branch.hasSuffix("00001.0003.0015"))
      #expect(scene.production.hasSuffix("00045"))
      // the customer's call reaches another region
      let support = Records(cluster, node: "us-1")
      let result = try await support.call(.GET, "/api/executions/branch/\(scene.branch)")
      #expect(try text(result, "status") == "failed")
      #expect(try text(result, "result_error") == "no space left on device")
      #expect(try text(result, "target_serial_ref") == scene.production)
      #expect(try text(row(result, "target"), "name") == "Production server")
      #expect(try text(row(result, "job"), "job_serial") == scene.job)
      #expect(try text(row(result, "job"), "name") == "System Update")
      let execution = try await support.call(
        .GET, "/api/executions/serial/\(scene.job).0003")
      #expect(try number(execution, "execution_number") == 3)
      #expect(try text(execution, "status") == "running")
      let branches = try rows(execution, "branches")
      #expect(branches.count == 15)
      #expect(try text(branches[14], "branch_serial") == scene.branch)
      let shown = try await support.call(.GET, "/api/serials/\(scene.branch)")
      #expect(try text(shown, "state") == "issued")
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func performanceOfATargetIsWhatTheQueryOfTheSummarySays() async throws {
    try await TestCluster.run { cluster in
      let records = Records(cluster)
      let scene = try await prepare(records)
      let first = "\(scene.job).0001.0015"
      try await records.call(
        .PATCH, "/api/executions/branch/\(first)",
        [
          "status": "completed", "exit_code": 0, "started_at": "2026-01-01T00:00:00Z",
          "completed_at": "2026-01-01T00:00:30Z",
        ])
      let found = try await cluster.sql(
        """
        SELECT je.execution_serial, j.name, jeb.result_error
        FROM job_execution_branches jeb
        JOIN job_executions je ON jeb.job_execution_id = je.id
        JOIN jobs j ON je.job_id = j.id
        WHERE jeb.target_serial_ref = '\(scene.production)'
          AND jeb.status = 'failed'
        ORDER BY je.started_at DESC;
        """)
      #expect(found == "\(scene.job).0003|System Update|no space left on device")
      let performance = try await Records(cluster, node: "eu-2").call(
        .GET, "/api/targets/\(scene.production)/performance?days=30")
      #expect(try text(performance, "target_name") == "Production server")
      #expect(try number(performance, "period_days") == 30)
      #expect(try number(performance, "total_executions") == 3)
      #expect(try number(performance, "successful_executions") == 1)
      #expect(try number(performance, "failed_executions") == 1)
      #expect(try number(performance, "success_rate") == 50)
      #expect(try rows(performance, "recent_executions").count == 3)
      for (query, count) in [
        ("SELECT * FROM job_executions WHERE execution_serial LIKE '\(scene.job).%'", 3),
        (
          "SELECT * FROM job_execution_branches WHERE branch_serial LIKE '\(scene.job).0001.%'",
          15
        ),
        (
          "SELECT * FROM job_execution_branches WHERE target_serial_ref = '\(scene.production)'", 3
        ),
      ] {
        #expect(try await cluster.sql("SELECT count(*) FROM (\(query)) q") == "\(count)")
      }
    }
  }

  /// The lines of the summary, as documented in `docs/examples`.
  @Test(.timeLimit(.minutes(5)))
  func examplesOfTheDocumentsRun() async throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../docs/examples").standardized
    let examples = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".py") || $0.hasSuffix(".sh")
    }
    try #require(examples.count >= 2)
    try await TestCluster.run { cluster in
      let scene = try await prepare(Records(cluster))
      let environment = [
        "SERIAL_URLS": TestCluster.names.map(cluster.url).joined(separator: " "),
        "SERIAL_TOKEN": cluster.token, "BRANCH_SERIAL": scene.branch,
        "SERIALCTL": TestCluster.programs + "/serialctl",
      ]
      for example in examples.sorted() {
        let path = folder.appending(path: example).path
        let run = try await ProgramRun.of(
          example.hasSuffix(".py") ? "/usr/bin/env" : "/bin/bash",
          example.hasSuffix(".py") ? ["python3", path] : [path], environment)
        #expect(run.status == 0, "\(example): \(run.output)\(run.errors)")
        print("\(example): \(run.output.prefix(300))")
      }
    }
  }
}
