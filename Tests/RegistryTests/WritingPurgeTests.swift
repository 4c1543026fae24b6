import DatabaseFixture
import Foundation
import LibPQ
import Records
import Registry
import SerialFormat
import Testing

/// Purging takes outputs of finished results, and nothing else of any record.
struct WritingPurgeTests {
  private static let days = 86_400.0
  private let now = Date(timeIntervalSince1970: 1_790_000_000)

  /// Branches 1...4 finished 4, 3, 2 and 1 days ago; 5 runs for five days, 6 was finished without outputs.
  private func prepare(_ scene: WritingScene) async throws -> ExecutionSerial {
    let execution = try await scene.execution(branches: 6)
    for number in 1...4 {
      let end = now.addingTimeInterval(-Double(5 - number) * Self.days)
      #expect(
        try await scene.change(
          try execution.branch(number), .completed, startedAt: end, completedAt: end,
          output: number == 2 ? nil : "out \(number)", error: number == 1 ? nil : "err \(number)",
          exitCode: number) == .done)
    }
    let long = now.addingTimeInterval(-5 * Self.days)
    #expect(
      try await scene.change(
        try execution.branch(5), .running, startedAt: long, output: "still running") == .done)
    #expect(
      try await scene.change(try execution.branch(6), .completed, completedAt: long) == .done)
    return execution
  }

  private func purge(_ scene: WritingScene, before date: Date, limit: Int = 1_000) async throws
    -> Int
  { try await scene.writing.purgeOutputs(finishedBefore: date, limit: limit, by: "keeper") }

  private func kept(_ scene: WritingScene) async throws -> String {
    try await scene.database.sql(
      """
      SELECT string_agg(concat_ws('/', result_output, result_error,
        CASE WHEN outputs_purged_at IS NOT NULL THEN 'purged' END), ', ' ORDER BY id)
      FROM job_execution_branches
      """)
  }

  @Test func outputsOfFinishedResultsGoAndEverythingElseStays() async throws {
    try await WritingScene.run { scene in
      let execution = try await prepare(scene)
      let rest = """
        SELECT string_agg(concat_ws(' ', branch_serial, branch_uuid, branch_id, target_id,
          target_serial_ref, status, exit_code, started_at, completed_at, created_at), ', ' ORDER BY id)
        FROM job_execution_branches
        """
      let before = try await scene.database.sql(rest)
      let twoDaysAgo = now.addingTimeInterval(-2 * Self.days)
      // what was finished at that very moment was not finished before it
      #expect(try await purge(scene, before: twoDaysAgo) == 2)
      #expect(
        try await kept(scene)
          == "purged, purged, out 3/err 3, out 4/err 4, still running, ")
      #expect(try await purge(scene, before: twoDaysAgo) == 0)
      #expect(try await purge(scene, before: now) == 2)
      // however old, what runs keeps what it has
      #expect(try await purge(scene, before: Date().addingTimeInterval(Self.days)) == 0)
      #expect(try await kept(scene) == "purged, purged, purged, purged, still running, ")
      #expect(try await scene.database.sql(rest) == before)
      let first = try execution.branch(1)
      #expect(try await scene.change(first, .completed, exitCode: 1) == .done)
      #expect(try await scene.change(first, output: "again") == .immutable(.completed))
      #expect(
        try await scene.database.sql(
          """
          SELECT string_agg(concat_ws(' ', detail->>'results', detail->>'by',
            (detail->>'finished_before')::timestamptz AT TIME ZONE 'UTC'), ', ' ORDER BY id)
          FROM serial.events WHERE event = 'outputs-purged'
          """) == "2 keeper 2026-09-19 14:13:20, 2 keeper 2026-09-21 14:13:20")
    }
  }

  @Test func theOldestGoFirstAndNoMoreThanAsked() async throws {
    try await WritingScene.run { scene in
      _ = try await prepare(scene)
      #expect(try await purge(scene, before: now, limit: 3) == 3)
      #expect(try await kept(scene) == "purged, purged, purged, out 4/err 4, still running, ")
      for limit in [0, 10_001] {
        let refused = try await WritingScene.rejection {
          _ = try await purge(scene, before: now, limit: limit)
        }
        #expect(refused != nil)
      }
    }
  }

  @Test func aResultThatSomebodyHoldsIsLeftForTheNextTime() async throws {
    try await WritingScene.run { scene in
      let first = try await prepare(scene).branch(1)
      let holder = try await scene.database.connect(as: "postgres")
      _ = try await holder.simpleScript(
        "BEGIN; SELECT FROM job_execution_branches WHERE branch_serial = '\(first)' FOR UPDATE")
      #expect(try await purge(scene, before: now) == 3)
      _ = try await holder.simpleScript("ROLLBACK")
      await holder.close()
      #expect(try await purge(scene, before: now) == 1)
    }
  }
}
