import DatabaseFixture
import LibPQ
import Records
import Testing

/// A node writes records by the functions made for it, and by nothing else.
struct WritingRightsTests {
  private func expectRefused(_ sql: String, as connection: LibPQ.Connection) async throws {
    do {
      _ = try await connection.simpleScript(sql)
      Issue.record("accepted: \(sql)")
    } catch {
      #expect(error.sqlState == "42501", "\(sql): \(error)")
    }
  }

  @Test func aNodeHasNoOtherWayToWrite() async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 1)
      let node = try await scene.database.connect(as: "eu-1")
      _ = try await node.simpleScript("SET serial.trusted = 'on'")
      for sql in [
        "SELECT serial.take_execution_key('s', 'r', 'k', 'h')",
        "SELECT serial.follow_branches(1, now())", "SELECT serial.sum_up_branches(1)",
        "SELECT serial.judge_change('running', NULL, NULL, 'failed', NULL, NULL)",
        "SELECT serial.is_final('failed')", "SELECT serial.begin_writing()",
        "SELECT * FROM serial.execution_keys", "DELETE FROM serial.execution_keys",
        "UPDATE public.jobs SET name = ''", "UPDATE public.job_executions SET status = 'failed'",
        "UPDATE public.job_execution_branches SET result_output = ''",
        "DELETE FROM public.job_execution_branches",
        "INSERT INTO public.job_executions SELECT * FROM public.job_executions",
        "INSERT INTO public.job_execution_branches SELECT * FROM public.job_execution_branches",
      ] {
        try await expectRefused(sql, as: node)
      }
      await node.close()
      #expect(try await scene.status(execution) == .scheduled)
    }
  }

  @Test(arguments: ["postgres", "us-1"])
  func whoIsNoActiveNodeWritesNothing(role: String) async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 1)
      try await scene.database.sql(
        "UPDATE serial.nodes SET state = 'retired' WHERE node = 'us-1'")
      let stranger = try await scene.database.connect(as: role)
      for call in [
        "create_execution('J202600001', NULL, '{T202600001}', NULL, NULL, 's', NULL, NULL, NULL)",
        "change_branch('\(execution).0001', 'failed', NULL, NULL, NULL, NULL, NULL)",
        "change_execution('\(execution)', 'cancelled', NULL, NULL)",
        "purge_outputs(now(), 1, 's')",
      ] {
        try await expectRefused("SELECT serial.\(call)", as: stranger)
      }
      await stranger.close()
      #expect(try await scene.rows() == "1 1 0")
      #expect(try await scene.status(execution) == .scheduled)
    }
  }
}
