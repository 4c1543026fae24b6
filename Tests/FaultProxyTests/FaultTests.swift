import FaultProxy
import NIOCore
import Testing

/// Each fault, between a client and an echo server.
@Suite(.timeLimit(.minutes(1)))
struct FaultTests {
  private func run(
    seed: UInt64 = 1, _ body: (EchoServer, FaultProxy) async throws -> Void
  ) async throws {
    try await EchoServer.run { server in
      try await FaultProxy.run(to: server.port, seed: seed) { try await body(server, $0) }
    }
  }

  /// Waits for something to become true; a test that waits for ever ends by its time limit.
  private func until(_ condition: () async -> Bool) async { while !(await condition()) {} }

  private static let message = Array("0123456789".utf8)

  @Test func bytesPassUnchangedAndAreCounted() async throws {
    try await run { server, proxy in
      let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
      let received = try await EchoClient.run(proxy.port) { client in
        try await client.send(sent)
        client.finish()
        return await client.receiveAll()
      }
      #expect(received.bytes == sent)
      #expect(received.end == .finished)
      #expect(await server.next() == EchoServer.Seen(bytes: sent.count, wasReset: false))
      await until { await proxy.traffic().open == 0 }
      let traffic = await proxy.traffic()
      for direction in Direction.allCases {
        #expect(traffic[direction].received == sent.count)
        #expect(traffic[direction].forwarded == sent.count)
      }
      #expect(traffic.accepted == 1)
      #expect(traffic.cut == 0)
    }
  }

  @Test func latencyIsAddedInEachDirectionAndTheOrderStays() async throws {
    try await run { _, proxy in
      await proxy.shape(.toUpstream, Shaping(latencyMilliseconds: 60, jitterMilliseconds: 40))
      await proxy.shape(.toClient, Shaping(latencyMilliseconds: 90))
      let bytes = (0..<100).map { UInt8($0) }
      let start = ContinuousClock.now
      let received = try await EchoClient.run(proxy.port) { client in
        for byte in bytes { try await client.send([byte]) }
        let first = try await client.receive(1)
        let elapsed = start.duration(to: .now)
        #expect(elapsed >= .milliseconds(150))
        return first + (try await client.receive(bytes.count - first.count))
      }
      #expect(received == bytes)
    }
  }

  @Test func bandwidthIsShared() async throws {
    try await run { _, proxy in
      await proxy.shape(.toUpstream, Shaping(bytesPerSecond: 100_000))
      let start = ContinuousClock.now
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<2 {
          group.addTask {
            try await EchoClient.run(proxy.port) { client in
              try await client.send([UInt8](repeating: 7, count: 15_000))
              return try await client.receive(15_000).count
            }
          }
        }
        for try await count in group { #expect(count == 15_000) }
      }
      #expect(start.duration(to: .now) >= .milliseconds(295))
    }
  }

  @Test(arguments: Ending.allCases)
  func everyConnectionIsCutNow(ending: Ending) async throws {
    try await run { server, proxy in
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
        #expect(await proxy.cut(ending) == 1)
        let rest = await client.receiveAll()
        #expect(rest.bytes.isEmpty)
        #expect(rest.end == (ending == .reset ? .reset : .finished))
      }
      #expect(await server.next() == EchoServer.Seen(bytes: 10, wasReset: ending == .reset))
      await until { await proxy.traffic().open == 0 }
      #expect(await proxy.traffic().cut == 1)
    }
  }

  /// Every byte of a request and of its reply, before and after it, in both ways of ending.
  @Test(arguments: Direction.allCases, ByteCut.Edge.allCases)
  func aConnectionIsCutAtAByte(direction: Direction, edge: ByteCut.Edge) async throws {
    try await run { server, proxy in
      for ending in Ending.allCases {
        for byte in 1...10 {
          let passing = edge == .before ? byte - 1 : byte
          let armed = try await EchoClient.run(proxy.port) { client in
            // what came before the arming does not count
            try await client.send(Self.message)
            #expect(try await client.receive(10) == Self.message)
            let armed = await proxy.arm(ByteCut(edge, byte: byte, of: direction, ending: ending))
            try await client.send(Self.message)
            let rest = await client.receiveAll()
            if direction == .toClient {
              #expect(rest.bytes == Array(Self.message.prefix(passing)))
              #expect(rest.end == (ending == .reset ? .reset : .finished))
            }
            return armed
          }
          #expect(await armed.fired())
          let seen = await server.next()
          let arrived = direction == .toClient ? 20 : 10 + passing
          #expect(seen?.bytes == arrived, "\(edge) \(byte) by \(ending)")
        }
      }
    }
  }

  @Test func onlyTheFirstThatReachesTheByteIsCut() async throws {
    try await run { _, proxy in
      let armed = await proxy.arm(ByteCut(.after, byte: 15, of: .toUpstream))
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
      }
      // a connection counts for itself
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
        try await client.send(Self.message)
        #expect(await armed.fired())
        #expect(await client.receiveAll().end == .reset)
      }
      try await EchoClient.run(proxy.port) { client in
        for _ in 0..<3 { try await client.send(Self.message) }
        #expect(try await client.receive(30).count == 30)
      }
      #expect(await proxy.traffic().cut == 1)
      let replaced = await proxy.arm(ByteCut(.after, byte: 1, of: .toUpstream))
      let disarmed = await proxy.arm(ByteCut(.before, byte: 1, of: .toUpstream))
      #expect(await !replaced.fired())
      await proxy.disarm()
      #expect(await !disarmed.fired())
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
      }
    }
  }

  @Test func aBlackHoleSwallows() async throws {
    try await run { server, proxy in
      try await EchoClient.run(proxy.port) { old in
        try await old.send(Self.message)
        #expect(try await old.receive(10) == Self.message)
        await proxy.swallow(true)
        try await old.send(Self.message)
        try await EchoClient.run(proxy.port) { new in
          try await new.send(Self.message)
          await until { await proxy.traffic().toUpstream.received == 30 }
          let traffic = await proxy.traffic()
          #expect(traffic.accepted == 2)
          #expect(traffic.toUpstream.forwarded == 10)
          #expect(traffic.toClient.received == 10)
          try await proxy.heal()
          #expect(await new.receiveAll().end == .reset)
        }
        #expect(await old.receiveAll().end == .reset, "its stream has a hole")
      }
      #expect(await server.next() == EchoServer.Seen(bytes: 10, wasReset: true))
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
      }
    }
  }

  @Test(arguments: Direction.allCases)
  func aStalledDirectionGoesOnLater(direction: Direction) async throws {
    try await run { _, proxy in
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
        await proxy.stall([direction])
        try await client.send(Self.message)
        await until { await proxy.traffic()[direction].received == 20 }
        let traffic = await proxy.traffic()
        #expect(traffic[direction].forwarded == 10)
        #expect(traffic.toUpstream.forwarded == (direction == .toUpstream ? 10 : 20))
        #expect(traffic.open == 1)
        await proxy.stall([])
        #expect(try await client.receive(10) == Self.message)
      }
    }
  }

  /// A sender that is not read is held up, and loses nothing.
  @Test func whatWaitsIsBounded() async throws {
    try await run { _, proxy in
      let sent = [UInt8](repeating: 3, count: 24 << 20)
      await proxy.stall([.toUpstream])
      try await EchoClient.run(proxy.port) { client in
        let sender = client.sender
        async let sending: Void = sender.send(sent)
        await until { await proxy.traffic().toUpstream.received > 1 << 20 }
        #expect(await proxy.traffic().toUpstream.received < 4 << 20)
        try await proxy.heal()
        let received = try await client.receive(sent.count)
        try await sending
        #expect(received.count == sent.count)
      }
    }
  }

  @Test func newConnectionsAreRefusedAndTheOldGoOn() async throws {
    try await run { _, proxy in
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
        for _ in 0..<3 {
          try await proxy.refuse(true)
          await #expect(throws: (any Error).self) {
            try await EchoClient.run(proxy.port) { _ in }
          }
          try await client.send(Self.message)
          #expect(try await client.receive(10) == Self.message)
          try await proxy.heal()
          try await EchoClient.run(proxy.port) { other in
            try await other.send(Self.message)
            #expect(try await other.receive(10) == Self.message)
          }
        }
      }
      #expect(await proxy.traffic().accepted == 4)
    }
  }

  @Test func aClientThatGoesIsToldToTheServer() async throws {
    try await run { server, proxy in
      try await EchoClient.run(proxy.port) { client in
        try await client.send(Self.message)
        #expect(try await client.receive(10) == Self.message)
      }
      #expect(await server.next()?.bytes == 10)
      await until { await proxy.traffic().open == 0 }
    }
  }

  @Test func withoutAServerAClientIsReset() async throws {
    let port = try await EchoServer.run { $0.port }
    try await FaultProxy.run(to: port) { proxy in
      try await EchoClient.run(proxy.port) { client in
        #expect(await client.receiveAll().end == .reset)
      }
    }
  }

  @Test func aPortIsTakenByOneProxyOnly() async throws {
    try await run { server, proxy in
      await #expect(throws: (any Error).self) {
        try await FaultProxy.run(to: server.port, port: proxy.port) { _ in }
      }
    }
  }
}
