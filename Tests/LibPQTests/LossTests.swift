import Foundation
import Glibc
import LibPQ
import Testing

/// What is known, and what is not, when a statement and its connection are parted.
extension ServerTests {
  @Suite struct LossTests {
    @Test func statementTimeoutIsAKnownFailure() async throws {
      try await withTestConnection(limits: SessionLimits(statementTimeoutMilliseconds: 100)) {
        connection in
        let error = try await libpqError {
          _ = try await connection.execute(Statement("SELECT pg_sleep(60)"))
        }
        #expect(error.code == .statementFailed)
        #expect(error.sqlState == "57014")
        #expect(!connection.isClosed)
        _ = try await connection.execute(Statement("SELECT 1"))
      }
    }

    @Test func lockTimeoutIsAKnownFailure() async throws {
      try await withTestConnection { holder in
        try await holder.simpleScript("BEGIN; SELECT pg_advisory_xact_lock(42)")
        try await withTestConnection(limits: SessionLimits(lockTimeoutMilliseconds: 50)) {
          connection in
          let error = try await libpqError {
            _ = try await connection.execute(Statement("SELECT pg_advisory_xact_lock(42)"))
          }
          #expect(error.sqlState == "55P03")
          #expect(error.outcome == .rolledBack)
        }
      }
    }

    @Test func terminatedStatementIsUnknown() async throws {
      try await withTestConnection { observer in
        try await withTestConnection { connection in
          let pid = try await backendPID(of: connection)
          async let outcome = libpqError {
            _ = try await connection.execute(Statement("SELECT pg_sleep(60)"))
          }
          try await waitUntil(pid, runs: "pg_sleep(60)", observer)
          _ = try await observer.execute(
            Statement("SELECT pg_terminate_backend($1::int4)", 1), [.int(pid)])
          let error = try await outcome
          #expect(error.code == .outcomeUnknown)
          #expect(error.sqlState == "57P01")
          #expect(connection.isClosed)
          let next = try await libpqError {
            _ = try await connection.execute(Statement("SELECT 1"))
          }
          #expect(next.code == .closed)
          #expect(next.outcome == .notSent)
        }
      }
    }

    @Test func connectionLostWhileIdleIsNotSent() async throws {
      try await withTestConnection { observer in
        try await withTestConnection { connection in
          let pid = try await backendPID(of: connection)
          _ = try await observer.execute(
            Statement("SELECT pg_terminate_backend($1::int4, 5000)", 1), [.int(pid)])
          let error = try await libpqError {
            _ = try await connection.execute(Statement("SELECT 1"))
          }
          #expect(error.code == .notSent)
          #expect(error.sqlState == "57P01")
          #expect(connection.isClosed)
        }
      }
    }

    /// The first replies have said done by then, which proves nothing before "ready".
    @Test func killedBackendIsUnknown() async throws {
      let server = try TestCluster.get().makeServer(.init())
      defer { server.stop() }
      let observer = try await Connection.connect(server.options(), logger: testLogger)
      let connection = try await Connection.connect(server.options(), logger: testLogger)
      let pid = try await backendPID(of: connection)
      async let outcome = libpqError {
        try await connection.simpleScript(
          "SELECT 1; SELECT repeat('x', 100000); SELECT pg_sleep(60)")
      }
      try await waitUntil(pid, runs: "pg_sleep(60)", waitingFor: "PgSleep", observer)
      try Program.run("kill", "-KILL", "\(pid)")
      let error = try await outcome
      #expect(error.code == .outcomeUnknown)
      #expect(connection.isClosed)
      await observer.close()
    }

    @Test func stoppedBackendRunsIntoTheClientsDeadline() async throws {
      try await withTestConnection(
        limits: SessionLimits(statementTimeoutMilliseconds: 200, clientMarginMilliseconds: 200)
      ) { connection in
        let pid = try await backendPID(of: connection)
        let statement = Statement("SELECT 1")
        _ = try await connection.execute(statement)
        try Program.run("kill", "-STOP", "\(pid)")
        let begin = ContinuousClock.now
        let error = try await libpqError { _ = try await connection.execute(statement) }
        try Program.run("kill", "-CONT", "\(pid)")
        #expect(error.code == .outcomeUnknown)
        #expect(error.message == "no reply before the deadline")
        #expect(begin.duration(to: .now) >= .milliseconds(400))
        #expect(connection.isClosed)
      }
    }

    /// PREPARE was sent and not answered; the statement itself never was.
    @Test func deadlineWhilePreparingIsNotSent() async throws {
      try await withTestConnection { connection in
        let pid = try await backendPID(of: connection)
        try Program.run("kill", "-STOP", "\(pid)")
        let error = try await libpqError {
          _ = try await connection.execute(
            Statement("SELECT 2"), deadline: .now + .milliseconds(200))
        }
        try Program.run("kill", "-CONT", "\(pid)")
        #expect(error.code == .notSent)
        #expect(connection.isClosed)
      }
    }

    /// More than the socket's buffers hold: the deadline passes in the middle of sending.
    @Test func deadlineWhileSendingIsUnknown() async throws {
      try await withTestConnection { connection in
        let pid = try await backendPID(of: connection)
        let statement = Statement("SELECT length($1::text) AS n", 1)
        let large = String(repeating: "x", count: 16 << 20)
        let begin = ContinuousClock.now
        let row = try await connection.execute(statement, [.text(large)]).singleRow()
        #expect(try row.decode("n") == large.utf8.count)
        // on a busy machine it takes seconds until the first byte of it leaves
        let limit = max(.seconds(2), begin.duration(to: .now) * 3)
        try Program.run("kill", "-STOP", "\(pid)")
        let error = try await libpqError {
          _ = try await connection.execute(statement, [.text(large)], deadline: .now + limit)
        }
        try Program.run("kill", "-CONT", "\(pid)")
        #expect(error.code == .outcomeUnknown)
      }
    }

    @Test func deadlineInThePastIsNotSent() async throws {
      try await withTestConnection { connection in
        let error = try await libpqError {
          _ = try await connection.execute(Statement("SELECT 1"), deadline: .now)
        }
        #expect(error.code == .notSent)
        #expect(!connection.isClosed)
      }
    }

    @Test func closeEndsAWaitAtOnce() async throws {
      try await withTestConnection { observer in
        try await withTestConnection { connection in
          let pid = try await backendPID(of: connection)
          async let outcome = libpqError {
            _ = try await connection.execute(Statement("SELECT pg_sleep(4.5)"))
          }
          try await waitUntil(pid, runs: "pg_sleep(4.5)", observer)
          let begin = ContinuousClock.now
          await connection.close()
          let error = try await outcome
          #expect(begin.duration(to: .now) < .seconds(1))
          #expect(error.code == .outcomeUnknown)
          #expect(error.message == "closed while waiting for the reply")
          await connection.close()
        }
      }
    }

    /// Cancelling a task does not cut its statement off: it was sent, and its outcome matters.
    @Test func cancellationDoesNotSwallowTheOutcome() async throws {
      try await withTestConnection { observer in
        try await withTestConnection { connection in
          let pid = try await backendPID(of: connection)
          try await observer.simpleScript("SELECT pg_advisory_lock(77)")
          let task = Task {
            try await connection.execute(
              Statement("SELECT pg_advisory_xact_lock(77), 'finished' AS word")
            ).singleRow().decode("word", as: String.self)
          }
          try await waitUntil(pid, runs: "pg_advisory_xact_lock(77)", observer)
          task.cancel()
          try await observer.simpleScript("SELECT pg_advisory_unlock(77)")
          #expect(try await task.value == "finished")
          #expect(!connection.isClosed)
        }
      }
    }

    /// Statements wait on their own threads: more of them than there are cooperative threads
    /// leave Swift's pool free.
    @Test func waitingStatementsHoldNoCooperativeThread() async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<12 {
          group.addTask {
            try await withTestConnection { connection in
              _ = try await connection.execute(Statement("SELECT pg_sleep(1)"))
            }
          }
        }
        let begin = ContinuousClock.now
        var turns = 0
        while begin.duration(to: .now) < .milliseconds(800) {
          await Task.yield()
          turns += 1
        }
        #expect(turns > 100)
        try await group.waitForAll()
        #expect(begin.duration(to: .now) < .seconds(8))
      }
    }

    @Test func connectionsLeaveNoThreadAndNoDescriptor() async throws {
      func count(_ folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count
      }
      try await withTestConnection { _ in }
      let descriptors = try count("fd")
      let threads = try count("task")
      let options = try TestCluster.get().server.options()
      for _ in 0..<25 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<8 {
            group.addTask {
              let connection = try await Connection.connect(options, logger: testLogger)
              if number % 2 == 0 {
                _ = try await connection.execute(Statement("SELECT 1"))
                await connection.close()
              } else if number % 4 == 1 {
                connection.interrupt()
              }
            }
          }
          try await group.waitForAll()
        }
      }
      // A thread ends a moment after its connection; wait for that, bounded.
      let bound = ContinuousClock.now + .seconds(10)
      while try count("task") > threads + 4 || count("fd") > descriptors + 4, .now < bound {
        try await Task.sleep(for: .milliseconds(5))
      }
      #expect(try count("task") <= threads + 4)
      #expect(try count("fd") <= descriptors + 4)
    }
  }
}
