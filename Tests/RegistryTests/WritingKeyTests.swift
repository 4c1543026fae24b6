import DatabaseFixture
import LibPQ
import Records
import Registry
import SerialFormat
import Testing

/// One idempotency key is one execution, from whichever node it is asked for.
struct WritingKeyTests {
  private let key = ExecutionDraft.Key(
    key: "k", route: "POST /api/jobs/{job}/execute", requestHash: "h")
  private let targets = TargetList.serials([WritingScene.target(2), WritingScene.target(1)])

  @Test func theSameKeyAtOnceFromSeveralConnectionsIsOneExecution() async throws {
    try await WritingScene.run(connections: 6) { scene in
      try await WritingScene.run(on: scene.database, as: "us-1", connections: 6) { other in
        for round in 1...20 {
          let key = ExecutionDraft.Key(key: "k\(round)", route: "r", requestHash: "h")
          let outcomes = try await withThrowingTaskGroup(of: CreateOutcome.self) { group in
            for number in 1...12 {
              group.addTask {
                try await (number.isMultiple(of: 2) ? scene : other).create(targets, key: key)
              }
            }
            return try await group.reduce(into: []) { $0.append($1) }
          }
          let serial = try WritingScene.job.execution(round)
          #expect(outcomes.count { $0 == .created(serial, isReplay: false) } == 1)
          #expect(outcomes.count { $0 == .created(serial, isReplay: true) } == 11)
        }
        #expect(try await scene.rows() == "20 40 20")
        #expect(
          try await scene.database.sql("SELECT DISTINCT replays FROM serial.execution_keys") == "11"
        )
      }
    }
  }

  @Test func aKeyIsOneOfItsSubjectRouteAndRequest() async throws {
    try await WritingScene.run { scene in
      let first = try WritingScene.job.execution(1)
      #expect(try await scene.create(targets, key: key) == .created(first, isReplay: false))
      #expect(try await scene.create(targets, key: key) == .created(first, isReplay: true))
      let other = ExecutionDraft.Key(key: key.key, route: key.route, requestHash: "h2")
      #expect(try await scene.create(targets, key: other) == .keyReused)
      // it is the key that says which request it is: also one that could not be done now
      #expect(
        try await scene.create(targets, of: .serial(WritingScene.job(9)), key: key)
          == .created(first, isReplay: true))
      let route = ExecutionDraft.Key(key: key.key, route: "r", requestHash: key.requestHash)
      #expect(
        try await scene.create(targets, key: route)
          == .created(try WritingScene.job.execution(2), isReplay: false))
      let stranger = try await scene.writing.createExecution(
        ExecutionDraft(
          job: .serial(WritingScene.job), targets: targets, scheduledAt: nil, subject: "other",
          key: key))
      #expect(stranger == .created(try WritingScene.job.execution(3), isReplay: false))
      #expect(try await scene.rows() == "3 6 3")
    }
  }

  @Test func aKeyIsForgottenAfterADay() async throws {
    try await WritingScene.run { scene in
      #expect(
        try await scene.create(targets, key: key)
          == .created(try WritingScene.job.execution(1), isReplay: false))
      func age(_ interval: String) async throws {
        try await scene.database.sql(
          "UPDATE serial.execution_keys SET created_at = clock_timestamp() - interval '\(interval)'"
        )
      }
      try await age("23 hours 59 minutes")
      #expect(
        try await scene.create(targets, key: key)
          == .created(try WritingScene.job.execution(1), isReplay: true))
      try await age("24 hours")
      #expect(
        try await scene.create(targets, key: key)
          == .created(try WritingScene.job.execution(2), isReplay: false))
      #expect(
        try await scene.create(targets, key: key)
          == .created(try WritingScene.job.execution(2), isReplay: true))
      #expect(try await scene.rows() == "2 4 1")
    }
  }

  @Test func oldKeysAreSweptWithThoseOfNumbers() async throws {
    let database = try await Fixture.shared.database()
    try await database.sql(
      """
      INSERT INTO serial.execution_keys
          (subject, route, key, request_hash, execution_serial, created_at)
        SELECT 's', 'r', 'k' || i, 'h', 'J202600001.0001',
          clock_timestamp() - make_interval(hours => 10 * i)
        FROM generate_series(1, 4) i;
      INSERT INTO serial.idempotency_keys
          (subject, route, key, request_hash, kind, year, numbers, request_id, node, created_at)
        SELECT 's', 'r', 'k' || i, 'h', 'job', 2026, '{[1,2)}', gen_random_uuid(), 'eu-1',
          clock_timestamp() - make_interval(hours => 15 * i)
        FROM generate_series(1, 4) i;
      """)
    let node = try await database.connect(as: "eu-1")
    let swept = try await node.simpleScript("SELECT serial.sweep_keys() AS removed")
    #expect(try swept.singleRow().decode("removed", as: Int.self) == 5)
    await node.close()
    let left = try await database.sql(
      """
      SELECT (SELECT string_agg(key, ' ' ORDER BY key) FROM serial.execution_keys) || ', '
        || (SELECT string_agg(key, ' ' ORDER BY key) FROM serial.idempotency_keys)
      """)
    #expect(left == "k1 k2, k1")
  }
}
