import DatabaseFixture
import Foundation
import Records
import Registry
import SerialFormat
import Testing

/// An execution with one branch for each target: all of it or nothing.
struct WritingExecutionTests {
  private func branches(of execution: String, in database: Database) async throws -> String {
    try await database.sql(
      """
      SELECT string_agg(concat_ws(' ', right(branch_serial, 4), branch_id, target_serial_ref,
          (SELECT target_serial FROM universal_targets t WHERE t.id = b.target_id), status), ', '
          ORDER BY b.id)
        FROM job_execution_branches b WHERE branch_serial LIKE '\(execution).%'
      """)
  }

  @Test func branchesAreInTheOrderGivenAndATargetMayStandInItTwice() async throws {
    try await WritingScene.run { scene in
      let targets = [3, 1, 3].map(WritingScene.target)
      let when = Date(timeIntervalSince1970: 1_800_000_000.123456)
      let outcome = try await scene.create(.serials(targets), scheduledAt: when)
      let first = try WritingScene.job.execution(1)
      #expect(outcome == .created(first, isReplay: false))
      #expect(
        try await branches(of: "J202600001.0001", in: scene.database) == """
          0001 001 T202600003 T202600003 scheduled, 0002 002 T202600001 T202600001 scheduled, \
          0003 003 T202600003 T202600003 scheduled
          """)
      let row = try await scene.database.sql(
        """
        SELECT concat_ws(' ', e.execution_number, e.status, e.scheduled_at AT TIME ZONE 'UTC',
          (SELECT count(DISTINCT b.scheduled_at) || ' ' || count(DISTINCT b.branch_uuid)
            FROM job_execution_branches b
            WHERE b.job_execution_id = e.id AND b.created_at = e.created_at
              AND b.scheduled_at = e.scheduled_at),
          j.job_serial, e.started_at, e.completed_at)
        FROM job_executions e JOIN jobs j ON j.id = e.job_id
        """)
      #expect(row == "1 scheduled 2027-01-15 08:00:00.123456 1 3 J202600001")
    }
  }

  @Test func jobsAndTargetsAreNamedByIdAsWell() async throws {
    try await WritingScene.run(jobs: 2) { scene in
      let ids = try await scene.database.sql(
        "SELECT string_agg(id::text, ' ' ORDER BY target_serial) FROM universal_targets"
      ).split(separator: " ").compactMap { Int($0) }
      let job = try #require(
        Int(try await scene.database.sql("SELECT id FROM jobs WHERE job_serial = 'J202600002'")))
      #expect(ids.count == 3)
      let outcome = try await scene.create(.ids([ids[1], ids[0], ids[1]]), of: .id(job))
      #expect(outcome == .created(try WritingScene.job(2).execution(1), isReplay: false))
      #expect(
        try await branches(of: "J202600002.0001", in: scene.database) == """
          0001 001 T202600002 T202600002 scheduled, 0002 002 T202600001 T202600001 scheduled, \
          0003 003 T202600002 T202600002 scheduled
          """)
    }
  }

  @Test func whatIsNotThereWritesNothing() async throws {
    try await WritingScene.run { scene in
      let key = ExecutionDraft.Key(key: "k", route: "r", requestHash: "h")
      let known = WritingScene.target(1)
      let unknown = [98, 97].map(WritingScene.target)
      #expect(
        try await scene.create(.serials([known]), of: .serial(WritingScene.job(2)), key: key)
          == .unknownJob)
      #expect(try await scene.create(.ids([1]), of: .id(2_147_483_647), key: key) == .unknownJob)
      #expect(
        try await scene.create(.serials([known, unknown[0], known, unknown[1]]), key: key)
          == .unknownTarget("T202600098"))
      let id = try #require(
        Int(try await scene.database.sql("SELECT min(id) FROM universal_targets")))
      #expect(
        try await scene.create(.ids([id, 99_999_999_999, 77_777]), key: key)
          == .unknownTarget("99999999999"))
      #expect(try await scene.rows() == "0 0 0")
      // the key is still free
      #expect(
        try await scene.create(.serials([known]), key: key)
          == .created(try WritingScene.job.execution(1), isReplay: false))
      #expect(try await scene.rows() == "1 1 1")
    }
  }

  @Test(.timeLimit(.minutes(3))) func aFullExecutionIsWrittenInOneCall() async throws {
    try await WritingScene.run(targets: 10_000) { scene in
      let all = (1...10_000).reversed().map(WritingScene.target)
      #expect(
        try await scene.create(.serials(all)) == .executionIsFull(WritingScene.job.execution(1)))
      #expect(try await scene.rows() == "0 0 0")
      let list = TargetList.serials(Array(all.dropLast()))
      var times: [Duration] = []
      for number in 1...2 {
        let start = ContinuousClock.now
        let outcome = try await scene.create(list)
        times.append(.now - start)
        #expect(outcome == .created(try WritingScene.job.execution(number), isReplay: false))
      }
      print("9,999 branches in one call: \(times)")
      #expect(try await scene.rows() == "2 19998 0")
      let ends = try await scene.database.sql(
        """
        SELECT string_agg(concat_ws(' ', branch_serial, branch_id, target_serial_ref), ', '
          ORDER BY id) FROM job_execution_branches
        WHERE branch_serial LIKE 'J202600001.0002.%' AND right(branch_serial, 4)
          IN ('0001', '0999', '1000', '9999')
        """)
      #expect(
        ends == """
          J202600001.0002.0001 001 T202610000, J202600001.0002.0999 999 T202609002, \
          J202600001.0002.1000 1000 T202609001, J202600001.0002.9999 9999 T202600002
          """)
    }
  }

  @Test func theTenThousandthExecutionIsRefused() async throws {
    try await WritingScene.run { scene in
      try await scene.database.sql(
        """
        SET session_replication_role = replica;
        INSERT INTO job_executions (job_id, execution_number, execution_serial)
          SELECT j.id, i, j.job_serial || '.' || lpad(i::text, 4, '0')
          FROM jobs j, generate_series(1, 9998) i
        """)
      let targets = TargetList.serials([WritingScene.target(1)])
      #expect(
        try await scene.create(targets)
          == .created(try WritingScene.job.execution(9_999), isReplay: false))
      let key = ExecutionDraft.Key(key: "k", route: "r", requestHash: "h")
      #expect(try await scene.create(targets, key: key) == .jobIsFull(WritingScene.job))
      #expect(try await scene.rows() == "9999 1 0")
    }
  }

  @Test func manyAtOnceGetDenseNumbers() async throws {
    try await WritingScene.run(connections: 6) { scene in
      try await WritingScene.run(on: scene.database, as: "us-1", connections: 6) { other in
        let created = try await withThrowingTaskGroup(of: CreateOutcome.self) { group in
          for number in 1...60 {
            let target = WritingScene.target(number % 3 + 1)
            group.addTask {
              try await (number.isMultiple(of: 2) ? scene : other).create(
                .serials([target, target]))
            }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        let numbers = created.compactMap { outcome -> Int? in
          guard case .created(let serial, isReplay: false) = outcome else { return nil }
          return serial.number
        }
        #expect(numbers.sorted() == Array(1...60))
        // in order of creation
        let disorder = try await scene.database.sql(
          """
          SELECT count(*) FROM job_executions a JOIN job_executions b
            ON a.execution_number < b.execution_number AND a.created_at > b.created_at
          """)
        #expect(disorder == "0")
      }
    }
  }

  @Test func aRequestThatNamesNothingIsRejected() async throws {
    try await WritingScene.run { scene in
      for targets in [TargetList.serials([]), .ids([])] {
        let refused = try await WritingScene.rejection {
          _ = try await scene.create(targets)
        }
        #expect(refused != nil)
      }
      #expect(try await scene.rows() == "0 0 0")
    }
  }

  @Test(arguments: ["legacy", "migrating"])
  func anInstallationThatIsNotMigratedIsNotWritten(state: String) async throws {
    try await WritingScene.run { scene in
      let execution = try await scene.execution(branches: 1)
      try await scene.database.sql("UPDATE serial.registry SET state = '\(state)'")
      let calls: [@Sendable () async throws -> Void] = [
        { _ = try await scene.create(.serials([WritingScene.target(1)])) },
        { _ = try await scene.change(execution, .running) },
        { _ = try await scene.change(try execution.branch(1), .running) },
        {
          _ = try await scene.writing.purgeOutputs(
            finishedBefore: Date(), limit: 1, by: "tester")
        },
      ]
      for call in calls {
        let refused = try await WritingScene.rejection(call)
        #expect(refused?.contains("migrate-legacy") == true)
      }
      #expect(try await scene.rows() == "1 1 0")
      #expect(try await scene.status(execution) == .scheduled)
    }
  }
}
