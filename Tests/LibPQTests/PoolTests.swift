import Foundation
import Glibc
import LibPQ
import Testing

extension ServerTests {
  @Suite struct PoolTests {
    private let one = Statement(name: "one", sql: "SELECT 1 AS n", parameterCount: 0)

    private var soon: ContinuousClock.Instant { .now + .seconds(10) }

    /// Runs a pool for as long as `body` needs it, and waits until it has shut down.
    private func withPool(
      _ options: ConnectionOptions, size: Int = 2,
      backoff: Backoff = Backoff(firstMilliseconds: 10, longestMilliseconds: 50),
      _ body: (ConnectionPool) async throws -> Void
    ) async throws {
      let pool = ConnectionPool(
        options: options, configuration: .init(size: size, waitersLimit: 8, backoff: backoff),
        logger: testLogger)
      let owner = Task { await pool.run() }
      let result: Result<Void, any Error>
      do { result = .success(try await body(pool)) } catch { result = .failure(error) }
      owner.cancel()
      await owner.value
      #expect(pool.state == .closed)
      try result.get()
    }

    private func backend(_ connection: Connection) async throws -> Int {
      try await connection.execute(
        Statement(name: "pid", sql: "SELECT pg_backend_pid() AS pid", parameterCount: 0)
      ).singleRow().decode("pid")
    }

    @Test func connectionsAreUsedAgain() async throws {
      try await withPool(TestCluster.get().server.options()) { pool in
        #expect(pool.state == .starting)
        let first = try await pool.withConnection(deadline: soon) { try await backend($0) }
        let second = try await pool.withConnection(deadline: soon) { try await backend($0) }
        #expect(first == second)
        #expect(pool.state == .up)
      }
    }

    @Test func waitingIsBoundedByTheDeadline() async throws {
      try await withPool(TestCluster.get().server.options(), size: 1) { pool in
        try await pool.withConnection(deadline: soon) { _ in
          let error = try await libpqError {
            _ = try await pool.execute(one, deadline: .now + .milliseconds(50))
          }
          #expect(error.code == .poolTimeout)
          #expect(error.outcome == .notSent)
        }
        _ = try await pool.execute(one, deadline: soon)
      }
    }

    @Test func whatIsTooLateOnceThereIsAConnectionIsNotSent() async throws {
      try await withPool(TestCluster.get().server.options(), size: 1) { pool in
        let error = try await libpqError {
          _ = try await pool.execute(one, deadline: soon) { pool.state != .up }
        }
        #expect(error.code == .tooLate)
        #expect(error.outcome == .notSent)
        let result = try await pool.execute(one, deadline: soon) { pool.state == .up }
        #expect(try result.singleRow().decode("n", as: Int.self) == 1)
      }
    }

    @Test func cancellationEndsTheWait() async throws {
      try await withPool(TestCluster.get().server.options(), size: 1) { pool in
        try await pool.withConnection(deadline: soon) { _ in
          let deadline = soon
          let statement = one
          let task = Task { try await pool.execute(statement, deadline: deadline) }
          task.cancel()
          let error = try await libpqError { _ = try await task.value }
          #expect(error.code == .cancelled)
        }
        _ = try await pool.execute(one, deadline: soon)
      }
    }

    @Test func connectionInATransactionIsNotHandedOn() async throws {
      try await withPool(TestCluster.get().server.options(), size: 1) { pool in
        let first = try await pool.withConnection(deadline: soon) { connection in
          try await connection.simpleScript("BEGIN")
          return try await backend(connection)
        }
        let second = try await pool.withConnection(deadline: soon) { connection in
          try await backend(connection)
        }
        #expect(first != second)
      }
    }

    /// The idle connection is dead; that nothing was sent on it is proved, so another one serves.
    @Test func connectionLostWhileIdleIsReplaced() async throws {
      try await withPool(TestCluster.get().server.options(), size: 1) { pool in
        let pid = try await pool.withConnection(deadline: soon) { try await backend($0) }
        try await withTestConnection { observer in
          _ = try await observer.execute(
            Statement("SELECT pg_terminate_backend($1::int4, 5000)", 1), [.int(pid)])
        }
        #expect(try await pool.execute(one, deadline: soon).singleRow().decode("n") == 1)
      }
    }

    /// What was sent and not answered is never sent again by the pool.
    @Test func unknownOutcomeIsNotRepeated() async throws {
      try await withPool(TestCluster.get().server.options(), size: 1) { pool in
        try await pool.withConnection(deadline: soon) { connection in
          _ = try await connection.simpleScript("CREATE SEQUENCE tries")
        }
        // A sequence counts the tries: nothing takes its numbers back.
        let kill = Statement(
          name: "kill", sql: "SELECT nextval('tries'), pg_terminate_backend(pg_backend_pid())",
          parameterCount: 0)
        let error = try await libpqError { _ = try await pool.execute(kill, deadline: soon) }
        #expect(error.code == .outcomeUnknown)
        let count = Statement(
          name: "count", sql: "SELECT last_value AS n FROM tries", parameterCount: 0)
        #expect(try await pool.execute(count, deadline: soon).singleRow().decode("n") == 1)
      }
    }

    @Test func tellsAtOnceThatTheServerIsAwayAndComesBack() async throws {
      let server = try TestCluster.get().makeServer(.init())
      defer { server.stop() }
      try await withPool(server.options()) { pool in
        _ = try await pool.execute(one, deadline: soon)
        var changes = pool.stateChanges.makeAsyncIterator()
        #expect(await changes.next() == .up)

        try server.halt()
        let first = try await libpqError { _ = try await pool.execute(one, deadline: soon) }
        #expect(first.code == .connectFailed, "\(first.debugDescription)")
        guard case .down(let reported) = await changes.next() else {
          Issue.record("down was not reported")
          return
        }
        #expect(reported.code == .connectFailed)
        let begin = ContinuousClock.now
        for _ in 0..<100 {
          let error = try await libpqError { _ = try await pool.execute(one, deadline: soon) }
          #expect(error.code == .connectFailed)
        }
        #expect(begin.duration(to: .now) < .seconds(2))

        try server.start()
        // Nobody asks: the pool finds out by itself.
        while let state = await changes.next(), state != .up {}
        #expect(pool.state == .up)
        _ = try await pool.execute(one, deadline: soon)
      }
    }

    @Test func shutDownEndsWaitersAndLetsStatementsFinish() async throws {
      let options = try TestCluster.get().server.options()
      let pool = ConnectionPool(
        options: options, configuration: .init(size: 1), logger: testLogger)
      let owner = Task { await pool.run() }
      let deadline = soon
      let statement = one
      try await pool.withConnection(deadline: deadline) { connection in
        let waiter = Task { try await pool.execute(statement, deadline: deadline) }
        while pool.waitersCount == 0 { await Task.yield() }
        owner.cancel()
        let error = try await libpqError { _ = try await waiter.value }
        #expect(error.code == .poolClosed)
        // Lent before the shutdown: still good, and its outcome is told.
        #expect(try await connection.execute(statement).singleRow().decode("n") == 1)
      }
      await owner.value
      let late = try await libpqError { _ = try await pool.execute(statement, deadline: deadline) }
      #expect(late.code == .poolClosed)
    }

    @Test func shutDownEndsAnAttemptUnderWay() async throws {
      let cluster = try TestCluster.get()
      let hole = try BlackHole()
      defer { hole.stop() }
      let text = cluster.server.text(more: "&connect_timeout=100").replacing(
        ":\(cluster.server.port)/", with: ":\(hole.port)/")
      let pool = ConnectionPool(
        options: try ConnectionOptions(parsing: text), logger: testLogger)
      let owner = Task { await pool.run() }
      let deadline = soon
      let statement = one
      let waiter = Task { try await pool.execute(statement, deadline: deadline) }
      while pool.waitersCount == 0 { await Task.yield() }
      let begin = ContinuousClock.now
      owner.cancel()
      await owner.value
      #expect(begin.duration(to: .now) < .seconds(2))
      #expect(try await libpqError { _ = try await waiter.value }.code == .poolClosed)
    }

    @Test func manyUsersShareFewConnections() async throws {
      try await withPool(TestCluster.get().server.options(), size: 3) { pool in
        let gauge = Gauge()
        let deadline = soon
        let statement = one
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<8 {
            group.addTask {
              for _ in 0..<50 {
                try await pool.withConnection(deadline: deadline) { connection in
                  await gauge.enter()
                  _ = try await connection.execute(statement)
                  await gauge.leave()
                }
              }
            }
          }
          try await group.waitForAll()
        }
        #expect(await gauge.most <= 3)
      }
    }
  }
}

/// How many were in at once.
private actor Gauge {
  private var now = 0
  private(set) var most = 0

  func enter() {
    now += 1
    most = max(most, now)
  }

  func leave() { now -= 1 }
}
