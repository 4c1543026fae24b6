import Foundation
import LocalCluster
import Testing

/// The running node against its own description.
@Suite(.serialized)
struct InterfaceTests {
  /// `deploy/ci/schemathesis/install.sh` prints it; `deploy/ci/test.sh` passes it on.
  private var tool: String? { ProcessInfo.processInfo.environment["SERIAL_SCHEMATHESIS"] }

  @Test(.timeLimit(.minutes(12)))
  func everyAnswerIsAsTheDescriptionSays() async throws {
    let tool = try #require(
      tool,
      "SERIAL_SCHEMATHESIS names no program: run `make test`, or deploy/ci/schemathesis/install.sh")
    let folder = try #require(
      ProcessInfo.processInfo.environment["SERIAL_SCHEMATHESIS_CHECKS"],
      "SERIAL_SCHEMATHESIS_CHECKS is the folder deploy/ci/schemathesis")
    try await TestCluster.run { cluster in
      let records = Records(cluster)
      let job = try await records.createJob("Described")
      let targets = try await records.createTargets(["described-1", "described-2"])
      _ = try await records.execute(job, on: targets)
      let run = try await ProgramRun.of(
        tool,
        [
          "--config-file", folder + "/schemathesis.toml", "--no-color", "run",
          cluster.url("eu-1") + "/openapi.yaml", "--url", cluster.url("eu-1"),
          "--header", "Authorization: Bearer \(cluster.token)",
        ],
        [
          "HOME": cluster.postgres.folder, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1",
        ])
      let summary = run.output.from(last: "SUMMARY")
      print(summary)
      #expect(
        run.status == 0,
        "\(run.output.split(separator: "\n").map { $0.prefix(400) }.joined(separator: "\n"))")
      #expect(summary.contains("Tested: 43"), "it asks every route that leaves the node in use")
    }
  }
}

extension String {
  /// From the last place of a word on.
  fileprivate func from(last word: String) -> String {
    range(of: word, options: .backwards).map { String(self[$0.lowerBound...]) } ?? self
  }
}
