import Allocator
import Coordinator
import CoordinatorConformance
import DatabaseFixture
import Foundation
import LeaseCore
import LibPQ
import LocalCluster
import SerialFormat
import Testing

/// Records in PostgreSQL: what the conformance suite cannot provoke in a ledger in memory.
struct CommitRecordTests {
  private func row(_ name: String) -> String {
    "{\"name\": \"\(name)\", \"job_type\": \"script\", \"status\": \"draft\"}"
  }

  private func block(_ first: Int, _ last: Int) throws -> Block {
    try #require(Block(first: first, last: last))
  }

  /// What only the insert itself finds out fails a commit of several requests, and is said for one.
  @Test(arguments: [
    "ALTER TABLE public.jobs ADD CONSTRAINT no_oddities CHECK (name <> 'odd')",
    """
    CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF new.name = 'odd' THEN RAISE 'no_oddities'; END IF; RETURN new; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON public.jobs FOR EACH ROW EXECUTE FUNCTION public.refuse()
    """,
    "CREATE UNIQUE INDEX no_oddities ON public.jobs (name); "
      + "INSERT INTO public.jobs (job_serial, name, created_by) VALUES ('J200000001', 'odd', 1)",
  ])
  func aRowThatTheInsertRefusesIsSaidWhenItIsAlone(rule: String) async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(10)
      try await harness.database.sql("SET session_replication_role = replica; " + rule)
      let odd = TestProcess.Asked(try block(1, 1), records: [row("odd")])
      let good = TestProcess.Asked(try block(2, 2), records: [row("good")])
      let plain = TestProcess.Asked(try block(3, 3))
      let rejected = await #expect(throws: CoordinatorError.self) {
        try await one.coordinator.commit(held.plan(through: 3, asked: [odd, good, plain]))
      }
      #expect(rejected?.code == .rejected)
      // with others that have no records it is known whose the row is
      let answer = try await one.coordinator.commit(held.plan(through: 3, asked: [odd, plain]))
      #expect(answer.refused.map(\.request) == [odd.request])
      #expect(answer.refused.map(\.reason) == [.recordRefused])
      #expect(answer.refused.first?.detail?.contains("no_oddities") == true, "\(answer.refused)")
      #expect(answer.leases.map(\.outcome) == [.notTried])
      try await expectLedger(harness, held.counter, issued: 0, leased: 10)
      #expect(try await harness.recordNames(of: held.counter) == [:])
      let rest = [
        TestProcess.Asked(try block(1, 1), records: [row("good")]),
        TestProcess.Asked(try block(2, 2), records: [row("better")]),
      ]
      try await one.commit(held.plan(through: 2, asked: rest), of: &held)
      #expect(try await harness.recordNames(of: held.counter) == [1: "good", 2: "better"])
    }
  }

  private func expectLedger(
    _ harness: PostgresHarness, _ counter: Counter, issued: Int, leased: Int
  ) async throws {
    let entry = try await harness.reading.ledger().first { $0.counter == counter }
    #expect(entry?.issued == issued)
    #expect(entry?.leased == leased)
  }

  /// An application that inserts a row with a serial holds its lock: the commit does not wait for it.
  @Test func aNumberThatSomebodyIsInsertingIsPassedOver() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      var held = try await one.lease(10)
      try await one.commit(3, of: &held)
      let application = try await harness.database.connect(as: "postgres")
      _ = try await application.simpleScript("BEGIN")
      _ = try await application.simpleScript(
        "SELECT pg_advisory_xact_lock(hashtextextended('J\(held.counter.year)00002', 7234))")
      let again = TestProcess.Asked(try block(1, 3), again: true)
      let answer = try await one.coordinator.commit(
        held.plan(through: 3, asked: [again], handedOut: 0))
      #expect(answer.recorded == [RecordedNumber(lease: held.lease.id, number: 2)])
      _ = try await application.simpleScript("ROLLBACK")
      await application.close()
      try await one.commit(held.plan(through: 3, asked: [again], handedOut: 0), of: &held)
    }
  }

  /// A record that is inserted between the look and the insert is not the caller's fault.
  @Test func aRecordThatIsInsertedMeanwhileIsSaidAsTheNumber() async throws {
    try await PostgresHarness.run { harness in
      let one = try await TestProcess.boot("eu-1", on: harness)
      let held = try await one.lease(10)
      let application = try await harness.database.connect(as: "postgres")
      _ = try await application.simpleScript("SET session_replication_role = replica; BEGIN")
      _ = try await application.simpleScript(
        "INSERT INTO public.jobs (job_serial, name, created_by) "
          + "VALUES ('J\(held.counter.year)00001', 'theirs', 1)")
      let asked = TestProcess.Asked(try block(1, 1), records: [row("ours")])
      let plan = held.plan(through: 1, asked: [asked])
      let watcher = try await harness.database.connect(as: "postgres")
      let commit = Task { try await one.coordinator.commit(plan) }
      let waiting = """
        SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'
        """
      let limit = ContinuousClock.now + .seconds(30)
      // on a connection that is there: the commit does not wait for ever
      while try await watcher.simpleScript(waiting).singleRow().decode("count", as: Int.self) == 0 {
        try #require(ContinuousClock.now < limit, "the commit does not wait for the other row")
      }
      _ = try await application.simpleScript("COMMIT")
      await application.close()
      await watcher.close()
      let answer = try await commit.value
      #expect(answer.recorded == [RecordedNumber(lease: held.lease.id, number: 1)])
      #expect(answer.refused == [])
      #expect(try await harness.recordNames(of: held.counter) == [1: "theirs"])
    }
  }

  /// Tables of an existing installation: enumerations of other names, defaults that the application
  /// sets and not the table, columns that nobody here knows.
  @Test func anExistingInstallationTakesRecords() async throws {
    let database = try await Fixture.shared.emptyDatabase()
    try await database.sql(
      """
      CREATE TYPE jobtype AS ENUM ('command', 'script', 'file_transfer', 'composite');
      CREATE TYPE jobstatus AS ENUM ('draft', 'scheduled', 'running');
      CREATE TABLE users (id serial PRIMARY KEY, username varchar(50));
      INSERT INTO users (username) VALUES ('somebody'), ('seriald');
      CREATE TABLE jobs (id serial PRIMARY KEY, job_uuid uuid NOT NULL, job_serial varchar(20),
        name varchar(255) NOT NULL, description text, job_type jobtype NOT NULL,
        status jobstatus NOT NULL, created_by integer NOT NULL REFERENCES users,
        created_at timestamptz NOT NULL, updated_at timestamptz, scheduled_at timestamptz,
        started_at timestamptz, completed_at timestamptz, colour text);
      CREATE TABLE universal_targets (id serial PRIMARY KEY, target_uuid uuid,
        target_serial varchar(20), name varchar(100) NOT NULL, target_type varchar(50) NOT NULL,
        description text, os_type varchar(50) NOT NULL, environment varchar(50),
        location varchar(100), data_center varchar(100), region varchar(100),
        is_active boolean NOT NULL, status varchar(50) NOT NULL DEFAULT 'new',
        health_status varchar(50), created_at timestamptz NOT NULL DEFAULT now());
      """)
    let admin = try await database.connect(as: "postgres", limits: .migration)
    _ = try await Migrator(connection: admin).run()
    _ = try await Enrollment.enroll(node: "eu-1", region: "eu", on: admin)
    await admin.close()
    try await database.sql("UPDATE serial.registry SET state = 'ready'")
    try await database.withPool(as: "eu-1") { pool in
      let harness = PostgresHarness(database: database, pools: ["eu-1": pool])
      let one = try await TestProcess.boot("eu-1", on: harness)
      var jobs = try await one.lease(5)
      let asked = TestProcess.Asked(try block(1, 1), records: [row("a")])
      let nobody = try await one.coordinator.commit(jobs.plan(through: 1, asked: [asked]))
      #expect(nobody.refused.first?.detail == "created_by is missing")
      try await database.sql("UPDATE serial.registry SET service_user = 2")
      let without = TestProcess.Asked(try block(1, 1), records: ["{\"name\": \"a\"}"])
      let untyped = try await one.coordinator.commit(jobs.plan(through: 1, asked: [without]))
      #expect(untyped.refused.first?.detail == "job_type is missing")
      try await one.commit(jobs.plan(through: 1, asked: [asked]), of: &jobs)
      var targets = try await one.lease(5, .target)
      let target = TestProcess.Asked(
        try block(1, 1), records: ["{\"name\": \"b\", \"os_type\": \"linux\"}"])
      try await one.commit(targets.plan(through: 1, asked: [target]), of: &targets)
    }
    let job = try await database.sql(
      """
      SELECT right(job_serial, 5), name, job_type, status, created_by, job_uuid IS NOT NULL,
        created_at IS NOT NULL, colour IS NULL FROM jobs
      """)
    #expect(job.hasPrefix("00001|a|script|draft|2|t|t|t"), "\(job)")
    let target = try await database.sql(
      """
      SELECT right(target_serial, 5), name, target_type, os_type, is_active, status,
        health_status IS NULL, target_uuid IS NOT NULL FROM universal_targets
      """)
    #expect(target.hasPrefix("00001|b|system|linux|t|new|t|t"), "\(target)")
  }
}
