import Foundation
import SerialFormat
import Testing

@testable import SerialClient

/// What is sent again, to whom, and what a caller hears in the end: over real connections.
@Suite(.timeLimit(.minutes(1)))
struct RepeatingTests {
  private let issued = #"{"serials":["J202600001"],"year":2026,"node":"eu-1"}"#

  @Test func aCallIsWhatTheServiceExpects() async throws {
    try await ScriptedServer.run([.answer(201, issued)]) { server, url in
      try await TestWorld().client([url + "/"]) { client in
        let allocation = try await client.allocateJobs()
        #expect(allocation.serials.map(\.description) == ["J202600001"])
        #expect(allocation.node == "eu-1" && allocation.year == 2026)
      }
      let request = try #require(server.requests.first)
      #expect(request.method == "POST" && request.uri == "/api/serials/jobs")
      #expect(request.body == #"{"count":1}"#)
      #expect(request.header("Authorization") == "Bearer a token")
      #expect(request.header("Content-Type") == "application/json")
      #expect(request.key == "made-1")
    }
  }

  @Test func anotherNodeIsAskedWithTheSameKey() async throws {
    try await ScriptedServer.run([.cut]) { first, firstURL in
      try await ScriptedServer.run([.problem(503, "outcome-unknown")]) { second, secondURL in
        try await ScriptedServer.run([.answer(201, issued)]) { third, thirdURL in
          try await TestWorld().client([firstURL, secondURL, thirdURL]) { client in
            _ = try await client.allocateJobs()
          }
          let keys = [first, second, third].map { $0.requests.map(\.key) }
          #expect(keys == [["made-1"], ["made-1"], ["made-1"]])
        }
      }
    }
  }

  @Test func theCallersKeyIsUsed() async throws {
    try await ScriptedServer.run([.answer(201, issued)]) { server, url in
      try await TestWorld().client([url]) { client in
        _ = try await client.allocateJobs(CallOptions(idempotencyKey: "order 4711 \u{E9}"))
        for key in ["", "a\r\nb", String(repeating: "x", count: 201)] {
          let error = try await failure { () async throws(SerialClientError) in
            try await client.allocateJobs(CallOptions(idempotencyKey: key))
          }
          #expect(error.code == .invalidRequest)
        }
      }
      #expect(server.requests.map(\.key) == ["order 4711 \u{E9}"])
    }
  }

  @Test func aConnectionThatEndsInTheMiddleOfAnAnswerIsRepeated() async throws {
    let half = "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"serials\""
    try await ScriptedServer.run([.raw(half), .answer(201, issued)]) { server, url in
      let world = TestWorld()
      try await world.client([url]) { client in _ = try await client.allocateJobs() }
      #expect(server.requests.map(\.key) == ["made-1", "made-1"])
      #expect(world.pauses == [.milliseconds(100)])
    }
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"])
  func aNodeThatFallsSilentIsLeft(start: String) async throws {
    let (heard, hears) = AsyncStream.makeStream(of: Void.self)
    try await ScriptedServer.run([.hang(start)], noting: hears) { silent, silentURL in
      try await ScriptedServer.run([.answer(201, issued)]) { _, url in
        let world = TestWorld(attemptEnds: heard)
        try await world.client([silentURL, url]) { client in _ = try await client.allocateJobs() }
        #expect(silent.requests.count == 1)
      }
    }
  }

  @Test func retryAfterIsWaitedFor() async throws {
    try await ScriptedServer.run([
      .problem(503, "coordinator-unavailable", retryAfter: 3),
      .problem(429, "quota-exceeded", retryAfter: 7), .answer(201, issued),
    ]) { server, url in
      let world = TestWorld()
      try await world.client([url]) { client in _ = try await client.allocateJobs() }
      #expect(world.pauses == [.seconds(3), .seconds(10)])
      #expect(server.requests.count == 3)
    }
  }

  @Test func aQuotaThatLastsLongerThanTheCallIsSaidAtOnce() async throws {
    try await ScriptedServer.run([.problem(429, "quota-exceeded", retryAfter: 31)]) { _, url in
      let world = TestWorld()
      try await world.client([url]) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.allocateTargets()
        }
        #expect(error.code == .quotaExceeded && error.status == 429)
        #expect(error.retryAfter == .seconds(31) && !error.mayBeDone)
      }
      #expect(world.pauses.isEmpty)
    }
  }

  @Test(arguments: [
    (409, "capacity-exhausted", SerialClientError.Code.capacityExhausted),
    (409, "immutable-record", .immutableRecord), (404, "not-found", .notFound),
    (401, "unauthenticated", .unauthenticated),
    (422, "idempotency-key-reused", .idempotencyKeyReused),
    (418, "of-the-future", .refused),
  ])
  func aRefusalIsNotRepeated(status: Int, code: String, expected: SerialClientError.Code)
    async throws
  {
    try await ScriptedServer.run([.problem(status, code), .answer(201, issued)]) { server, url in
      try await TestWorld().client([url]) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.allocateJobs()
        }
        #expect(error.code == expected && error.status == status)
        #expect(error.problem?.code == code && error.detail == "because")
        #expect("\(error)" == "because (\(code))" && !error.mayBeDone)
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func theDeadlineAfterALostAnswerGivesTheKey() async throws {
    try await ScriptedServer.run([.cut, .cut, .cut, .cut, .cut, .cut, .cut]) { server, url in
      try await TestWorld().client([url], deadline: .seconds(2)) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.createJob(JobDraft(name: "Update"))
        }
        #expect(error.code == .outcomeUnknown && error.mayBeDone)
        #expect(error.idempotencyKey == "made-1")
        #expect(error.detail.contains("did not answer"))
      }
      #expect(server.requests.count > 2)
      #expect(Set(server.requests.map(\.key)) == ["made-1"])
    }
  }

  @Test func readingThatIsNeverAnsweredIsNoUnknownOutcome() async throws {
    try await ScriptedServer.run([.cut, .cut, .cut]) { _, url in
      try await TestWorld().client([url], deadline: .milliseconds(250)) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.capacity()
        }
        #expect(error.code == .noAnswer && !error.mayBeDone && error.idempotencyKey == nil)
      }
    }
  }

  @Test func whenNobodyIsThereNothingWasSent() async throws {
    let urls = [try await ScriptedServer.nobody(), try await ScriptedServer.nobody()]
    try await TestWorld().client(urls, deadline: .seconds(1)) { client in
      let error = try await failure { () async throws(SerialClientError) in
        try await client.allocateJobs()
      }
      #expect(error.code == .unreachable && !error.mayBeDone)
      for url in urls { #expect(error.detail.contains(url)) }
    }
  }

  @Test func aNodeThatFailedIsAskedLastForAWhile() async throws {
    let gone = try await ScriptedServer.nobody()
    try await ScriptedServer.run([.problem(503, "draining"), .answer(201, issued)]) { first, url in
      try await ScriptedServer.run([.answer(201, issued), .answer(201, issued)]) { second, other in
        let world = TestWorld()
        try await world.client([gone, url, other]) { client in
          for _ in 0..<2 { _ = try await client.allocateJobs() }
          #expect(first.requests.count == 1 && second.requests.count == 2)
          world.advance(to: .seconds(11))
          _ = try await client.allocateJobs()
          #expect(first.requests.count == 2 && second.requests.count == 2)
        }
      }
    }
  }

  @Test func aChangeIsRepeatedAsItIs() async throws {
    let serial = try BranchSerial(parsing: "J202600001.0003.0015")
    try await ScriptedServer.run([.cut, .answer(200, Samples.branch)]) { server, url in
      try await TestWorld().client([url]) { client in
        let branch = try await client.change(
          serial, BranchChange(status: .completed, output: "done", exitCode: 0))
        #expect(branch.serial == serial)
      }
      #expect(server.requests.map(\.method) == ["PATCH", "PATCH"])
      #expect(server.requests.map(\.key) == [nil, nil])
      #expect(Set(server.requests.map(\.body)).count == 1)
      #expect(
        server.requests.first?.body
          == #"{"exit_code":0,"result_output":"done","status":"completed"}"#)
    }
  }

  @Test func aTokenIsAskedForEachAttempt() async throws {
    try await ScriptedServer.run([.cut, .answer(201, issued)]) { server, url in
      let counter = Counter()
      try await TestWorld().client([url], token: { "token \(counter.next())" }) { client in
        _ = try await client.allocateJobs()
      }
      let tokens = server.requests.map { $0.header("Authorization") }
      #expect(tokens == ["Bearer token 1", "Bearer token 2"])
    }
  }

  @Test func withoutATokenNothingIsSent() async throws {
    struct Locked: Error {}
    try await ScriptedServer.run([]) { server, url in
      try await TestWorld().client([url], token: { throw Locked() }) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.allocateJobs()
        }
        #expect(error.code == .noToken && error.detail.contains("Locked"))
      }
      #expect(server.requests.isEmpty)
    }
  }
}
