import LibPQ
import Testing

/// A commit that waits for a standby which never comes: the row is in the log of this server, and
/// whatever ends the wait, nobody may take it for a failure.
extension ServerTests {
  @Suite struct SynchronousCommitTests {
    private let insert = Statement(
      name: "insert_row", sql: "INSERT INTO t VALUES ($1)", parameterCount: 1)

    private func withWaitingCommit(
      limits: SessionLimits = .standard,
      _ body: (_ writer: Connection, _ pid: Int, _ observer: Connection) async throws -> Void
    ) async throws {
      let server = try TestCluster.get().makeServer(.init())
      defer { server.stop() }
      let observer = try await Connection.connect(server.options(), logger: testLogger)
      try await observer.simpleScript("CREATE TABLE t (n int8)")
      try await observer.simpleScript("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
      try await observer.simpleScript("SELECT pg_reload_conf()")
      let writer = try await Connection.connect(
        server.options(), limits: limits, logger: testLogger)
      try await body(writer, backendPID(of: writer), observer)
      await writer.close()
      await observer.close()
    }

    private func rows(_ observer: Connection) async throws -> Int {
      try await observer.execute(Statement("SELECT count(*) AS n FROM t")).singleRow().decode("n")
    }

    @Test func cancelledWaitIsDoneWithAWarning() async throws {
      try await withWaitingCommit { writer, pid, observer in
        async let outcome = writer.execute(insert, [.int(1)])
        try await waitUntil(pid, runs: "INSERT", waitingFor: "SyncRep", observer)
        _ = try await observer.execute(Statement("SELECT pg_cancel_backend($1)", 1), [.int(pid)])
        let result = try await outcome
        #expect(result.affectedRows == 1)
        #expect(result.warnings.count == 1)
        #expect(try await rows(observer) == 1)
      }
    }

    @Test func terminatedWaitIsUnknownAndTheRowIsThere() async throws {
      try await withWaitingCommit { writer, pid, observer in
        async let outcome = libpqError { _ = try await writer.execute(insert, [.int(1)]) }
        try await waitUntil(pid, runs: "INSERT", waitingFor: "SyncRep", observer)
        _ = try await observer.execute(
          Statement("SELECT pg_terminate_backend($1, 5000)", 1), [.int(pid)])
        #expect(try await outcome.code == .outcomeUnknown)
        #expect(try await rows(observer) == 1)
      }
    }

    /// `statement_timeout` ends before a commit begins to wait: the client's deadline ends it.
    @Test func waitBeyondTheClientsDeadlineIsUnknown() async throws {
      let limits = SessionLimits(statementTimeoutMilliseconds: 200, clientMarginMilliseconds: 200)
      try await withWaitingCommit(limits: limits) { writer, _, observer in
        let error = try await libpqError { _ = try await writer.execute(insert, [.int(1)]) }
        #expect(error.code == .outcomeUnknown)
        #expect(error.message == "no reply before the deadline")
        #expect(try await rows(observer) == 0)
      }
    }
  }
}
