import DatabaseFixture
import Foundation
import LibPQ
import Records
import SerialFormat
import Testing

/// Results: which changes a branch takes, and which times it gets.
struct WritingResultTests {
  @Test func everyPairOfTransitionsOfABranch() async throws {
    try await WritingScene.run { scene in
      // the last one stays scheduled, so that the execution is never finished
      let execution = try await scene.execution(branches: 26)
      var number = 0
      for from in RecordStatus.allCases {
        for to in RecordStatus.allCases {
          number += 1
          let branch = try execution.branch(number)
          if from != .scheduled { #expect(try await scene.change(branch, from) == .done) }
          let expected: ChangeOutcome =
            if from.mayBecome(to) || from == to {
              .done
            } else if from.isFinal {
              .immutable(from)
            } else {
              .invalidTransition(from: from, to: to)
            }
          #expect(try await scene.change(branch, to) == expected, "\(from) to \(to)")
          let stored = try await scene.status(branch)
          #expect(stored == (expected == .done ? to : from), "\(from) to \(to)")
        }
      }
      #expect(number == 25)
      #expect(try await scene.status(execution) == .running)
    }
  }

  @Test func aFinishedResultTakesNothingButWhatItHas() async throws {
    try await WritingScene.run { scene in
      let branch = try await scene.execution(branches: 2).branch(1)
      let start = Date(timeIntervalSince1970: 1_790_000_000.000001)
      let end = Date(timeIntervalSince1970: 1_790_000_007.654321)
      func whole() async throws -> ChangeOutcome {
        try await scene.change(
          branch, .failed, startedAt: start, completedAt: end, output: "out", error: "err",
          exitCode: 3)
      }
      #expect(try await whole() == .done)
      let row = """
        SELECT concat_ws(' ', status, started_at AT TIME ZONE 'UTC', completed_at AT TIME ZONE 'UTC',
          result_output, result_error, exit_code, xmin)
        FROM job_execution_branches WHERE branch_serial = '\(branch)'
        """
      let written = try await scene.database.sql(row)
      #expect(
        written.hasPrefix(
          "failed 2026-09-21 14:13:20.000001 2026-09-21 14:13:27.654321 out err 3 "))
      #expect(try await whole() == .done)
      for outcome in [
        try await scene.change(branch), try await scene.change(branch, .failed),
        try await scene.change(branch, startedAt: start),
        try await scene.change(branch, completedAt: end),
        try await scene.change(branch, output: "out"),
        try await scene.change(branch, error: "err"), try await scene.change(branch, exitCode: 3),
      ] {
        #expect(outcome == .done)
      }
      let later = end.addingTimeInterval(0.000001)
      for outcome in [
        try await scene.change(branch, .completed), try await scene.change(branch, .running),
        try await scene.change(branch, .failed, startedAt: later),
        try await scene.change(branch, completedAt: later),
        try await scene.change(branch, .failed, output: "ouT"),
        try await scene.change(branch, error: ""), try await scene.change(branch, exitCode: 0),
      ] {
        #expect(outcome == .immutable(.failed))
      }
      // not even a version of the row was written
      #expect(try await scene.database.sql(row) == written)
      #expect(try await scene.change(try WritingScene.job(7).execution(1).branch(1)) == .unknown)
    }
  }

  @Test func timesAreTheServersUnlessGiven() async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 5)
      func check(_ number: Int, _ condition: String) async throws {
        let found = try await scene.database.sql(
          """
          SELECT coalesce(\(condition), false) FROM job_execution_branches
          WHERE branch_serial = '\(execution.branch(number))'
          """)
        #expect(found == "t", "\(number): \(condition)")
      }
      let first = try execution.branch(1)
      #expect(try await scene.change(first, output: "queued") == .done)
      try await check(1, "started_at IS NULL AND completed_at IS NULL AND result_output = 'queued'")
      #expect(try await scene.change(first, .running) == .done)
      try await check(1, "started_at BETWEEN created_at AND now() AND completed_at IS NULL")
      let begun = try await scene.database.sql(
        "SELECT started_at FROM job_execution_branches WHERE branch_serial = '\(first)'")
      #expect(try await scene.change(first, .running) == .done)
      #expect(try await scene.change(first, .completed, exitCode: 0) == .done)
      try await check(
        1,
        """
        started_at = '\(begun)' AND completed_at BETWEEN started_at AND now() AND exit_code = 0
          AND result_output = 'queued'
        """)

      // straight from scheduled, with one of the times
      let past = Date(timeIntervalSince1970: 1_700_000_000.25)
      #expect(
        try await scene.change(try execution.branch(2), .completed, completedAt: past) == .done)
      try await check(2, "completed_at = to_timestamp(1700000000.25) AND started_at = completed_at")
      let future = Date().addingTimeInterval(60)
      let third = try execution.branch(3)
      #expect(try await scene.change(third, .running, startedAt: future) == .done)
      #expect(try await scene.change(third, .failed) == .done)
      try await check(3, "started_at > now() AND completed_at = started_at")

      // what is given takes the place of what is stored, as long as it is not finished
      let fourth = try execution.branch(4)
      #expect(try await scene.change(fourth, .running) == .done)
      #expect(try await scene.change(fourth, startedAt: past) == .done)
      #expect(
        try await scene.change(fourth, .cancelled, completedAt: past.addingTimeInterval(1)) == .done
      )
      try await check(
        4,
        """
        started_at = to_timestamp(1700000000.25) AND completed_at = to_timestamp(1700000001.25)
          AND status = 'cancelled'
        """)
    }
  }

  @Test func timesThatRunBackwardsAreRefused() async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 1)
      let branch = try execution.branch(1)
      let start = Date(timeIntervalSince1970: 1_700_000_000)
      func isRefused(_ outcome: ChangeOutcome) -> Bool {
        if case .invalidTimes(let detail) = outcome { !detail.isEmpty } else { false }
      }
      #expect(isRefused(try await scene.change(branch, startedAt: start)))
      #expect(isRefused(try await scene.change(branch, .running, completedAt: start)))
      #expect(isRefused(try await scene.change(execution, startedAt: start)))
      #expect(isRefused(try await scene.change(execution, .running, completedAt: start)))
      #expect(try await scene.status(branch) == .scheduled)
      #expect(try await scene.change(branch, .running, startedAt: start) == .done)
      let before = start.addingTimeInterval(-0.000001)
      #expect(
        try await scene.change(branch, .completed, completedAt: before)
          == .invalidTimes(
            "completed_at 2023-11-14T22:13:19.999999Z is before started_at "
              + "2023-11-14T22:13:20.000000Z"))
      #expect(isRefused(try await scene.change(execution, .cancelled, completedAt: before)))
      #expect(try await scene.status(branch) == .running)
      #expect(try await scene.change(branch, .completed, completedAt: start) == .done)
    }
  }

  @Test(.timeLimit(.minutes(3))) func outputsOfMegabytesAreKeptAndTooLongOnesRejected() async throws
  {
    try await WritingScene.run { scene in
      let branch = try await scene.execution(branches: 1).branch(1)
      let limit = 8 * 1_024 * 1_024
      let output = String(repeating: "0123456\u{e9}", count: limit / 9)
      let error = String(repeating: "x", count: limit)
      let refused = try await WritingScene.rejection {
        _ = try await scene.change(branch, .running, output: error + "x")
      }
      #expect(refused != nil)
      #expect(try await scene.status(branch) == .scheduled)
      for _ in 1...2 {
        #expect(
          try await scene.change(branch, .completed, output: output, error: error) == .done)
      }
      let kept = try await scene.database.sql(
        """
        SELECT concat_ws(' ', octet_length(result_output), octet_length(result_error),
          result_output = repeat('0123456' || chr(233), \(limit / 9)),
          result_error = repeat('x', \(limit))) FROM job_execution_branches
        """)
      #expect(kept == "\(limit / 9 * 9) \(limit) t t")
    }
  }

  /// What is only read may be lost with a server that crashes: an answer is a write, which waits for the
  /// standby, also when there is nothing to change.
  @Test func anAnswerThatChangesNothingIsAWriteToo() async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 1)
      let branch = try execution.branch(1)
      #expect(try await scene.change(branch, .completed) == .done)
      let key = ExecutionDraft.Key(key: "k", route: "r", requestHash: "h")
      let second = try await scene.create(.serials([WritingScene.target(1)]), key: key)
      #expect(second == .created(try WritingScene.job.execution(2), isReplay: false))
      let node = try await scene.database.connect(as: "eu-1")
      for call in [
        "create_execution('J202600001', NULL, '{T202600001}', NULL, NULL, 'tester', 'r', 'k', 'h')",
        "create_execution('J202600001', NULL, '{T202600001}', NULL, NULL, 'tester', 'r', 'k', 'x')",
        "change_branch('\(branch)', 'completed', NULL, NULL, NULL, NULL, NULL)",
        "change_branch('\(branch)', 'failed', NULL, NULL, NULL, NULL, NULL)",
        "change_execution('\(execution)', 'completed', NULL, NULL)",
        "change_execution('\(execution)', 'failed', NULL, NULL)",
      ] {
        let result = try await node.simpleScript(
          """
          BEGIN;
          SELECT outcome FROM serial.\(call);
          SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS writes,
            current_setting('synchronous_commit') = 'on' AS waits
          """)
        let row = try result.singleRow()
        #expect(try row.decode("writes", as: Bool.self), "\(call)")
        #expect(try row.decode("waits", as: Bool.self), "\(call)")
        _ = try await node.simpleScript("COMMIT")
      }
      await node.close()
    }
  }
}
