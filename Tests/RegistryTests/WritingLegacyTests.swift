import Coordinator
import DatabaseFixture
import Foundation
import LibPQ
import Records
import Registry
import SerialFormat
import Testing

/// An existing installation: its enumerations have other names, or are no enumerations at all, and it has columns
/// of its own.
struct WritingLegacyTests {
  private static func tables(executionStatus: String) -> String {
    """
    CREATE TYPE executionstatus AS ENUM ('running', 'scheduled', 'cancelled', 'failed', 'completed');
    CREATE TABLE users (id serial PRIMARY KEY, username text);
    CREATE TABLE universal_targets (id serial PRIMARY KEY, target_uuid uuid,
      target_serial varchar(20) UNIQUE, name varchar(100), os_type text NOT NULL);
    CREATE TABLE jobs (id serial PRIMARY KEY, job_uuid uuid, job_serial varchar(20) UNIQUE,
      name varchar(255), created_by integer NOT NULL REFERENCES users);
    CREATE TABLE job_executions (id serial PRIMARY KEY, job_id integer REFERENCES jobs,
      execution_number integer NOT NULL, status \(executionStatus), scheduled_at timestamptz,
      started_at timestamptz, completed_at timestamptz, created_at timestamptz,
      execution_uuid uuid UNIQUE, execution_serial varchar(50) UNIQUE,
      priority integer NOT NULL DEFAULT 7);
    CREATE TABLE job_execution_branches (id serial PRIMARY KEY,
      job_execution_id integer REFERENCES job_executions, target_id integer REFERENCES universal_targets,
      branch_id varchar(10) NOT NULL, status \(executionStatus), scheduled_at timestamptz,
      started_at timestamptz, completed_at timestamptz, result_output text, result_error text,
      exit_code integer, created_at timestamptz, branch_uuid uuid UNIQUE,
      branch_serial varchar(100) UNIQUE, target_serial_ref varchar(50), outputs_purged_at timestamptz,
      attempts integer NOT NULL DEFAULT 3);
    INSERT INTO users (username) VALUES ('admin');
    """
  }

  @Test(arguments: ["executionstatus", "varchar(20)"])
  func recordsAreWrittenIntoItsTables(executionStatus: String) async throws {
    let database = try await Fixture.shared.emptyDatabase()
    try await database.sql(Self.tables(executionStatus: executionStatus))
    let admin = try await database.connect(as: "postgres", limits: .migration)
    _ = try await Migrator(connection: admin).run()
    _ = try await Enrollment.enroll(node: "eu-1", region: "eu", on: admin)
    await admin.close()
    try await database.sql("UPDATE serial.registry SET state = 'ready'")
    try await WritingScene.prepare(database, jobs: 1, targets: 3)
    try await WritingScene.run(on: database) { scene in
      let execution = try await scene.execution(branches: 3)
      let created = try await database.sql(
        """
        SELECT concat_ws(' ', min(e.priority), min(b.attempts), count(b.branch_uuid),
          count(b.created_at), count(e.execution_uuid), count(e.created_at), min(b.status::text))
        FROM job_executions e JOIN job_execution_branches b ON b.job_execution_id = e.id
        """)
      #expect(created == "7 3 3 3 3 3 scheduled")
      #expect(try await scene.change(try execution.branch(1), .running) == .done)
      #expect(try await scene.status(execution) == .running)
      #expect(
        try await scene.change(try execution.branch(1), .completed, output: "out") == .done)
      #expect(try await scene.change(execution, .completed) == .unfinishedBranches(2))
      #expect(try await scene.change(try execution.branch(2), .failed) == .done)
      #expect(try await scene.change(execution, .cancelled) == .done)
      #expect(try await scene.status(try execution.branch(3)) == .cancelled)
      let second = try await scene.execution(branches: 1)
      #expect(try await scene.change(try second.branch(1), .failed) == .done)
      #expect(try await scene.status(second) == .failed)
      let purged = try await scene.writing.purgeOutputs(
        finishedBefore: Date().addingTimeInterval(60), limit: 10, by: "keeper")
      #expect(purged == 1)
    }
  }
}
