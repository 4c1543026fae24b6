import DatabaseFixture
import Foundation
import Records
import SerialFormat
import Testing

/// An execution's status follows from its branches, also when the last of them finish at once.
struct WritingStatusTests {
  @Test func theStatusFollowsFromTheBranches() async throws {
    try await WritingScene.run { scene in
      for ends: [RecordStatus] in [
        [.completed, .completed, .completed], [.completed, .cancelled, .completed],
        [.failed, .cancelled, .completed], [.cancelled, .cancelled, .cancelled],
        [.completed, .completed, .failed], [.completed],
      ] {
        let execution = try await scene.execution(branches: ends.count)
        var statuses = ends.map { _ in RecordStatus.scheduled }
        func step(_ index: Int, _ status: RecordStatus) async throws {
          #expect(try await scene.change(try execution.branch(index + 1), status) == .done)
          statuses[index] = status
          #expect(
            try await scene.status(execution) == RecordStatus.following(statuses), "\(statuses)")
        }
        try await step(0, .scheduled)
        for index in ends.indices where index < 2 { try await step(index, .running) }
        for (index, end) in ends.enumerated() { try await step(index, end) }
        let times = try await scene.database.sql(
          """
          SELECT e.started_at = min(b.started_at) AND e.completed_at = max(b.completed_at)
          FROM job_executions e JOIN job_execution_branches b ON b.job_execution_id = e.id
          WHERE e.execution_serial = '\(execution)' GROUP BY e.id
          """)
        #expect(times == "t")
      }
    }
  }

  /// Two results that each see the other unfinished would leave the execution running for ever.
  @Test(.timeLimit(.minutes(3))) func theLastTwoAtOnceFinishTheExecutionOnce() async throws {
    try await WritingScene.run(connections: 2) { scene in
      try await scene.database.sql(
        """
        CREATE TABLE finished (execution_serial text);
        CREATE FUNCTION note_finish() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO public.finished VALUES (NEW.execution_serial);
          RETURN NULL;
        END $$;
        CREATE TRIGGER note_finish AFTER UPDATE ON job_executions FOR EACH ROW
          WHEN (NEW.status = 'completed') EXECUTE FUNCTION note_finish();
        """)
      try await WritingScene.run(on: scene.database, as: "us-1", connections: 2) { other in
        let rounds = 150
        for round in 1...rounds {
          let execution = try await scene.execution(branches: 2)
          async let one = scene.change(try execution.branch(1), .completed, output: "one")
          async let two = other.change(try execution.branch(2), .completed, output: "two")
          let outcomes = try await (one, two)
          #expect(outcomes == (.done, .done))
          #expect(try await scene.status(execution) == .completed, "round \(round)")
        }
        #expect(
          try await scene.database.sql(
            "SELECT count(*) || ' ' || count(DISTINCT execution_serial) FROM finished")
            == "\(rounds) \(rounds)")
      }
    }
  }

  @Test func everyPairOfTransitionsOfAnExecutionWithoutBranches() async throws {
    try await WritingScene.run { scene in
      try await scene.database.sql(
        """
        SET session_replication_role = replica;
        INSERT INTO job_executions (job_id, execution_number, execution_serial)
          SELECT j.id, i, j.job_serial || '.' || lpad(i::text, 4, '0')
          FROM jobs j, generate_series(1, 25) i
        """)
      var number = 0
      for from in RecordStatus.allCases {
        for to in RecordStatus.allCases {
          number += 1
          let execution = try WritingScene.job.execution(number)
          if from != .scheduled { #expect(try await scene.change(execution, from) == .done) }
          let expected: ChangeOutcome =
            if from.mayBecome(to) || from == to {
              .done
            } else if from.isFinal {
              .immutable(from)
            } else {
              .invalidTransition(from: from, to: to)
            }
          #expect(try await scene.change(execution, to) == expected, "\(from) to \(to)")
          #expect(
            try await scene.status(execution) == (expected == .done ? to : from), "\(from) to \(to)"
          )
        }
      }
      let times = try await scene.database.sql(
        """
        SELECT bool_and((started_at IS NULL) = (status = 'scheduled')
          AND (completed_at IS NULL) = (status IN ('scheduled', 'running'))
          AND coalesce(completed_at >= started_at, true)) FROM job_executions
        """)
      #expect(times == "t")
      #expect(try await scene.change(try WritingScene.job.execution(26), .running) == .unknown)
    }
  }

  @Test func anExecutionIsNotFinishedBeforeItsBranches() async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 3)
      #expect(try await scene.change(execution, .completed) == .unfinishedBranches(3))
      #expect(try await scene.change(execution, .running) == .done)
      #expect(try await scene.change(try execution.branch(1), .failed) == .done)
      #expect(try await scene.change(execution, .failed) == .unfinishedBranches(2))
      #expect(try await scene.status(execution) == .running)
      // an application finished the others by itself, and left the execution as it was
      try await scene.database.sql(
        """
        UPDATE job_execution_branches SET status = 'completed', completed_at = now()
        WHERE status = 'scheduled'
        """)
      #expect(
        try await scene.change(execution, .completed)
          == .invalidTransition(from: .running, to: .completed))
      #expect(try await scene.change(execution, .failed) == .done)
      #expect(try await scene.change(execution, .failed) == .done)
      #expect(try await scene.change(execution, .completed) == .immutable(.failed))
    }
  }

  @Test func cancellingAnExecutionCancelsWhatIsNotFinished() async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 4)
      let other = try await scene.execution(branches: 1)
      for (number, status) in [(1, RecordStatus.completed), (2, .failed), (3, .running)] {
        #expect(try await scene.change(try execution.branch(number), status) == .done)
      }
      let end = Date().addingTimeInterval(5)
      for _ in 1...2 {
        #expect(try await scene.change(execution, .cancelled, completedAt: end) == .done)
      }
      #expect(try await scene.status(execution) == .cancelled)
      #expect(try await scene.status(other) == .scheduled)
      let branches = try await scene.database.sql(
        """
        SELECT string_agg(concat_ws(' ', b.status, b.completed_at = e.completed_at,
          b.started_at <= b.completed_at), ', ' ORDER BY b.id)
        FROM job_execution_branches b JOIN job_executions e ON e.id = b.job_execution_id
        WHERE e.execution_serial = '\(execution)'
        """)
      #expect(branches == "completed f t, failed f t, cancelled t t, cancelled t t")
      #expect(
        try await scene.change(try execution.branch(3), .completed) == .immutable(.cancelled))
      #expect(
        try await scene.change(try execution.branch(4), output: "late") == .immutable(.cancelled))
      #expect(try await scene.change(execution, .failed) == .immutable(.cancelled))
      #expect(
        try await scene.change(execution, .cancelled, completedAt: end.addingTimeInterval(1))
          == .immutable(.cancelled))
    }
  }

  /// Results of one execution and its cancelling, from many connections: nothing deadlocks, and what is
  /// answered is what is stored.
  @Test(.timeLimit(.minutes(3))) func cancellingWhileResultsArrive() async throws {
    try await WritingScene.run(connections: 4) { scene in
      for _ in 1...20 {
        let execution = try await scene.execution(branches: 12)
        let outcomes = try await withThrowingTaskGroup(of: (Int, ChangeOutcome).self) { group in
          for number in 1...12 {
            group.addTask {
              (number, try await scene.change(try execution.branch(number), .completed))
            }
          }
          group.addTask { (0, try await scene.change(execution, .cancelled)) }
          return try await group.reduce(into: [Int: ChangeOutcome]()) { $0[$1.0] = $1.1 }
        }
        let cancelled = outcomes[0] == .done
        for number in 1...12 {
          let status = try await scene.status(try execution.branch(number))
          #expect(
            outcomes[number] == (status == .completed ? .done : .immutable(.cancelled)), "\(number)"
          )
        }
        // the results were all faster, or it is cancelled
        #expect(cancelled || outcomes[0] == .immutable(.completed))
        #expect(try await scene.status(execution) == (cancelled ? .cancelled : .completed))
      }
    }
  }
}
