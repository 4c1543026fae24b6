import LibPQ
import Testing

extension ServerTests {
  @Suite struct NotificationTests {
    @Test func notificationsArriveInOrder() async throws {
      try await withTestConnection { listener in
        let channel = "odd \"channel\"; name"
        try await listener.listen(channel)
        try await withTestConnection { sender in
          async let first = listener.nextNotification(deadline: .now + .seconds(10))
          for payload in ["one", "two"] {
            _ = try await sender.execute(
              Statement("SELECT pg_notify($1::text, $2::text)", 2),
              [.text(channel), .text(payload)])
          }
          #expect(try await first?.payload == "one")
          let second = try await listener.nextNotification(deadline: .now + .seconds(10))
          #expect(second?.payload == "two")
          #expect(second?.channel == channel)
        }
      }
    }

    @Test func notificationDuringAStatementIsKept() async throws {
      try await withTestConnection { connection in
        try await connection.listen("own")
        _ = try await connection.execute(Statement("SELECT pg_notify('own', 'x')"))
        _ = try await connection.execute(Statement("SELECT 1"))
        let kept = try await connection.nextNotification(deadline: .now)
        #expect(kept?.payload == "x")
      }
    }

    @Test func deadlineGivesNothing() async throws {
      try await withTestConnection { connection in
        try await connection.listen("quiet")
        let none = try await connection.nextNotification(deadline: .now + .milliseconds(50))
        #expect(none == nil)
        #expect(!connection.isClosed)
      }
    }

    @Test func cancellationEndsTheWaitAndKeepsTheConnection() async throws {
      try await withTestConnection { connection in
        try await connection.listen("quiet")
        let task = Task { try await connection.nextNotification() }
        task.cancel()
        let error = try await libpqError { _ = try await task.value }
        #expect(error.code == .cancelled)
        _ = try await connection.execute(Statement("SELECT 1"))
      }
    }

    @Test func closeEndsTheWait() async throws {
      try await withTestConnection { connection in
        try await connection.listen("quiet")
        async let outcome = libpqError { _ = try await connection.nextNotification() }
        await connection.close()
        #expect(try await outcome.code == .closed)
      }
    }

    @Test func lostServerEndsTheWait() async throws {
      try await withTestConnection { observer in
        try await withTestConnection { connection in
          try await connection.listen("quiet")
          let pid: Int = try await connection.execute(Statement("SELECT pg_backend_pid() AS pid"))
            .singleRow().decode("pid")
          async let outcome = libpqError { _ = try await connection.nextNotification() }
          _ = try await observer.execute(
            Statement("SELECT pg_terminate_backend($1::int4)", 1), [.int(pid)])
          let error = try await outcome
          #expect(error.code == .closed)
          #expect(error.sqlState == "57P01")
        }
      }
    }

    @Test func impossibleChannelIsRefused() async throws {
      try await withTestConnection { connection in
        for name in ["", String(repeating: "x", count: 64), "a\0b"] {
          let error = try await libpqError { try await connection.listen(name) }
          #expect(error.code == .invalidParameter)
        }
      }
    }
  }
}
