import HummingbirdTesting
import Logging
import NIOCore
import PrometheusText
import SerialAuth
import Testing

@testable import SerialAPI

/// A real server, and clients that do not behave.
@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
  let world: World

  init() async throws {
    world = try await World().limited {
      $0.headMilliseconds = 60_000
      $0.bodyMilliseconds = 60_000
    }
  }

  func expectProblem(_ text: String, _ status: Int, _ location: SourceLocation = #_sourceLocation) {
    #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)", sourceLocation: location)
    #expect(text.contains("application/problem+json\r\n"), sourceLocation: location)
    #expect(text.contains("\"code\":\"invalid-request\""), sourceLocation: location)
    #expect(text.lowercased().contains("connection: close\r\n"), sourceLocation: location)
  }

  @Test(arguments: [
    "nonsense\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nA\r\n\r\n", "\u{1}\u{2}\u{3}\r\n\r\n",
    "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
    "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}\u{3}\u{3}\r\n\r\n",
  ])
  func whatIsNotHTTPIsAnswered(text: String) async throws {
    try await world.served { port in
      expectProblem(try await RawClient.exchange(text, port: port), 400)
      let good = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      #expect(try await RawClient.exchange(good, port: port).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }
  }

  @Test func refusalsAreCounted() async throws {
    try await world.served { port in
      _ = try await RawClient.exchange("nonsense\r\n\r\n", port: port)
    }
    let text = world.registry.families().first { $0.name == "http_requests_total" }
    #expect(text?.series.count == 1)
  }

  @Test func longHeadsAreRefused() async throws {
    try await world.served { port in
      let long = String(repeating: "x", count: 20_000)
      expectProblem(
        try await RawClient.exchange("GET / HTTP/1.1\r\nA: \(long)\r\n\r\n", port: port), 431)
      expectProblem(
        try await RawClient.exchange("GET /\(long) HTTP/1.1\r\n\r\n", port: port), 431)
      let wide = (0..<50).map { "A\($0): \(long.prefix(1_000))\r\n" }.joined()
      expectProblem(
        try await RawClient.exchange("GET / HTTP/1.1\r\n\(wide)\r\n", port: port), 431)
      let many = (0..<200).map { "A\($0): x\r\n" }.joined()
      expectProblem(
        try await RawClient.exchange("GET / HTTP/1.1\r\n\(many)\r\n", port: port), 431)
    }
  }

  @Test func aSlowHeadIsRefused() async throws {
    let world = world.limited { $0.headMilliseconds = 50 }
    try await world.served { port in
      // On a busy machine the bytes may come after the time is up; then there is silence, and
      // another try.
      var answer = ""
      while answer.isEmpty {
        answer = (try? await RawClient.exchange("GET /health HTT", port: port)) ?? ""
      }
      expectProblem(answer, 408)
      // Silence needs no answer.
      let silent = try await RawClient.connected(to: port) { reader, _ in
        try await reader.untilEnd()
      }
      #expect(silent.isEmpty)
    }
  }

  @Test func aSlowBodyIsRefused() async throws {
    let world = world.limited { $0.bodyMilliseconds = 50 }
    let token = try await world.token(.allocateSerials)
    try await world.served { port in
      let answer = try await RawClient.exchange(
        "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
          + "Content-Length: 20\r\n\r\n{\"count\":", port: port)
      expectProblem(answer, 408)
    }
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func anIdleConnectionIsClosed() async throws {
    let world = world.limited { $0.idleMilliseconds = 50 }
    try await world.served { port in
      let answer = try await RawClient.exchange(
        "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(!answer.lowercased().contains("connection: close"))
    }
  }

  @Test func aConnectionServesManyRequestsAlsoAtOnce() async throws {
    let token = try await world.token(.allocateSerials)
    let request =
      "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
      + "Content-Length: 2\r\n\r\n{}"
    let last = request.replacing("Host: x", with: "Host: x\r\nConnection: close")
    try await world.served { port in
      let answer = try await RawClient.exchange(
        String(repeating: request, count: 20) + last, port: port)
      #expect(answer.split(separator: "HTTP/1.1 201 Created").count == 21)
      #expect(answer.contains("J202600021"))
    }
  }

  @Test func whatWasReadAheadOfTheLastAnswerIsNotBegun() async throws {
    let token = try await world.token(.allocateSerials)
    let head = "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
    let chunk = "4000\r\n" + String(repeating: " ", count: 0x4000) + "\r\n"
    // The first is refused for its length when all of it is here, and ends the connection.
    let tooLong =
      head + "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: chunk, count: 5)
      + "0\r\n\r\n"
    let good = head + "Content-Length: 2\r\n\r\n{}"
    try await world.served { port in
      let answer = try? await RawClient.exchange(
        tooLong + String(repeating: good, count: 5), port: port)
      #expect(answer?.contains("201") != true)
    }
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func aBrokenRequestBehindAGoodOne() async throws {
    try await world.served { port in
      let answer = try await RawClient.exchange(
        "GET /health HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n", port: port)
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(answer.contains("HTTP/1.1 400 Bad Request\r\n"))
    }
  }

  @Test func tenMegabytesGetTheirAnswerBeforeTheyAreSent() async throws {
    let token = try await world.token(.allocateSerials)
    let head =
      "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
    try await world.served { port in
      // The answer comes when the head is there and nothing of the body.
      try await RawClient.connected(to: port) { reader, writer in
        try await writer.write(
          ByteBuffer(string: head + "Content-Length: 10000000\r\nExpect: 100-continue\r\n\r\n"))
        expectProblem(try await reader.untilEnd(), 413)
      }
      // A client that sends all of it first sees the answer too.
      try await RawClient.connected(to: port) { reader, writer in
        try await writer.write(ByteBuffer(string: head + "Content-Length: 10000000\r\n\r\n"))
        for _ in 0..<100 {
          try await writer.write(ByteBuffer(repeating: UInt8(ascii: " "), count: 100_000))
        }
        expectProblem(try await reader.untilEnd(), 413)
      }
      // Without a length it is cut where the limit is.
      try await RawClient.connected(to: port) { reader, writer in
        try await writer.write(ByteBuffer(string: head + "Transfer-Encoding: chunked\r\n\r\n"))
        let chunk = "4000\r\n" + String(repeating: " ", count: 0x4000) + "\r\n"
        for _ in 0..<5 { try await writer.write(ByteBuffer(string: chunk)) }
        expectProblem(try await reader.until("\"type\""), 413)
      }
      let good = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
      #expect(try await RawClient.exchange(good, port: port).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func whatIsSentAfterARefusalIsBounded() async throws {
    let world = world.limited { $0.lingerMilliseconds = 50 }
    let token = try await world.token(.allocateSerials)
    try await world.served { port in
      let answer = try await RawClient.exchange(
        "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
          + "Content-Length: 10000000\r\n\r\n", port: port)
      expectProblem(answer, 413)
    }
  }

  @Test func aBodyIsAskedForWhereItIsExpected() async throws {
    let token = try await world.token(.allocateSerials)
    try await world.served { port in
      try await RawClient.connected(to: port) { reader, writer in
        try await writer.write(
          ByteBuffer(
            string: "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              + "Authorization: Bearer \(token)\r\nContent-Length: 2\r\n"
              + "Expect: 100-continue\r\n\r\n"))
        #expect(try await reader.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try await writer.write(ByteBuffer(string: "{}"))
        #expect(try await reader.untilEnd().contains("HTTP/1.1 201 Created\r\n"))
      }
    }
  }

  /// `curl` waits for it with everything that is longer than a megabyte.
  @Test func aLongBodyIsAskedForWhereItsRouteTakesIt() async throws {
    try world.fill()
    let token = try await world.token(.readRecords, .writeRecords)
    @Sendable func head(_ request: String, _ length: Int) -> ByteBuffer {
      ByteBuffer(
        string: "\(request) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          + "Authorization: Bearer \(token)\r\nContent-Length: \(length)\r\n"
          + "Expect: 100-continue\r\n\r\n")
    }
    let result = "PATCH /api/executions/branch/J202600001.0003.0015"
    try await world.served { port in
      for (request, body) in [
        (result, "{\"result_output\":\"\(String(repeating: "x", count: 3_000_000))\"}"),
        (
          "POST /api/executions/bulk",
          "{\"serials\":[\"J202600001\"]\(String(repeating: " ", count: 1_500_000))}"
        ),
      ] {
        try await RawClient.connected(to: port) { reader, writer in
          try await writer.write(head(request, body.utf8.count))
          #expect(try await reader.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
          try await writer.write(ByteBuffer(string: body))
          #expect(try await reader.untilEnd().contains("HTTP/1.1 200 OK\r\n"))
        }
      }
      for (request, length) in [
        (result, 36 * 1024 * 1024 + 1), ("POST /api/executions/bulk", 3_000_000),
        ("PATCH /api/executions/J202600001.0003", 3_000_000),
      ] {
        try await RawClient.connected(to: port) { reader, writer in
          try await writer.write(head(request, length))
          expectProblem(try await reader.untilEnd(), 413)
        }
      }
    }
  }

  @Test func aClientThatLeavesEndsItsWait() async throws {
    world.issuing.behaviour = .hang
    let token = try await world.token(.allocateSerials)
    let issuing = world.issuing
    try await world.served { port in
      try await RawClient.connected(to: port) { _, writer in
        try await writer.write(
          ByteBuffer(
            string: "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\n"
              + "Authorization: Bearer \(token)\r\nContent-Length: 2\r\n\r\n{}"))
        await issuing.untilStarted()
      }
      await issuing.untilCancelled()
    }
    let line = world.lines.all.first { $0.message == "request" }
    #expect(line?.metadata["status"]?.description == "499")
  }

  @Test func shuttingDownAnswersWhatIsInFlight() async throws {
    world.issuing.behaviour = .wait
    let token = try await world.token(.allocateSerials)
    let issuing = world.issuing
    let answers = Answers()
    try await withThrowingTaskGroup(of: Void.self) { group in
      let ports = Answers()
      group.addTask {
        // Leaving the body begins the graceful shutdown; `served` returns when it is over.
        try await world.served { port in
          ports.add("\(port)")
          await issuing.untilStarted()
        }
      }
      group.addTask {
        let port = Int(await ports.first()) ?? 0
        let answer = try await RawClient.exchange(
          "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\n"
            + "Authorization: Bearer \(token)\r\nContent-Length: 2\r\n\r\n{}", port: port)
        answers.add(answer)
      }
      group.addTask {
        let port = Int(await ports.first()) ?? 0
        await issuing.untilStarted()
        // Once connections are refused the shutdown is under way.
        while (try? await RawClient.connected(to: port) { _, _ in }) != nil { await Task.yield() }
        issuing.release()
      }
      try await group.waitForAll()
    }
    let answer = await answers.first()
    #expect(answer.hasPrefix("HTTP/1.1 201 Created\r\n"))
    #expect(answer.lowercased().contains("connection: close\r\n"))
  }

  @Test func shuttingDownIsBounded() async throws {
    let world = world.limited { $0.shutdownMilliseconds = 50 }
    world.issuing.behaviour = .hang
    let token = try await world.token(.allocateSerials)
    let issuing = world.issuing
    let ports = Answers()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await world.served { port in
          ports.add("\(port)")
          await issuing.untilStarted()
        }
      }
      let port = Int(await ports.first()) ?? 0
      let answer = try await RawClient.exchange(
        "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
          + "Content-Length: 2\r\n\r\n{}", port: port)
      #expect(!answer.contains("201"))
      try await group.waitForAll()
    }
    await issuing.untilCancelled()
  }
}
