import Foundation
import SerialFormat
import Synchronization
import Testing

@testable import SerialClient

final class Counter: Sendable {
  private let count = Mutex(0)
  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}

/// Answers that are no answers, that are too large, and calls that are cancelled.
@Suite(.timeLimit(.minutes(1)))
struct AnswerTests {
  private let garbage = [
    "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<html/>",
    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: 43\r\n\r\n{\"serials\":[\"J1\"],\"year\":2026,\"node\":\"eu-1\"}",
  ]

  @Test func garbageIsAskedAgainOfAnotherNode() async throws {
    for text in garbage {
      try await ScriptedServer.run([.raw(text)]) { bad, badURL in
        let good = #"{"serials":["T202600001"],"year":2026,"node":"eu-1"}"#
        try await ScriptedServer.run([.answer(201, good)]) { _, url in
          try await TestWorld().client([badURL, url]) { client in
            let allocation = try await client.allocateTargets()
            #expect(allocation.serials.count == 1)
          }
          #expect(bad.requests.count == 1, "\(text)")
        }
      }
    }
  }

  @Test func garbageOfAllNodesIsAnUnreadableAnswer() async throws {
    let html = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<html/>"
    try await ScriptedServer.run([.raw(html), .raw(html)]) { server, url in
      try await TestWorld().client([url]) { client in
        let reading = try await failure { () async throws(SerialClientError) in
          try await client.capacity()
        }
        #expect(reading.code == .unreadableAnswer && !reading.mayBeDone)
        // Something answered 200: who knows what it did.
        let writing = try await failure { () async throws(SerialClientError) in
          try await client.allocateJobs()
        }
        #expect(writing.code == .outcomeUnknown && writing.idempotencyKey == "made-1")
      }
      #expect(server.requests.count == 2)
    }
  }

  @Test func aRefusalThatIsNoProblemDocumentIsStillARefusal() async throws {
    try await ScriptedServer.run([.answer(403, "<html>go away</html>")]) { _, url in
      try await TestWorld().client([url]) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.capacity()
        }
        #expect(error.code == .refused && error.status == 403 && error.problem == nil)
      }
    }
  }

  @Test(arguments: [true, false])
  func anAnswerThatIsTooLargeIsNotTaken(saysItsLength: Bool) async throws {
    let body = #"{"counters":""# + String(repeating: "x", count: 50_000) + #""}"#
    let head =
      saysItsLength
      ? "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n" : "HTTP/1.1 200 OK\r\n\r\n"
    try await ScriptedServer.run([.raw(head + body)]) { server, url in
      try await TestWorld().client([url], largestAnswerBytes: 10_000) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.capacity()
        }
        #expect(error.code == .answerTooLarge)
        #expect(error.detail.contains("10000 bytes"))
      }
      #expect(server.requests.count == 1)
    }
  }

  @Test func aHugeRefusalIsStillARefusal() async throws {
    let body = String(repeating: "x", count: 200_000)
    try await ScriptedServer.run([.answer(400, body)]) { _, url in
      try await TestWorld().client([url]) { client in
        let error = try await failure { () async throws(SerialClientError) in
          try await client.capacity()
        }
        #expect(error.code == .refused && error.status == 400)
      }
    }
  }

  @Test func aCallThatIsCancelledBeforeItWasSentSaysSo() async throws {
    try await ScriptedServer.run([]) { server, url in
      try await TestWorld().client([url]) { client in
        let task = Task { () async -> SerialClientError? in
          withUnsafeCurrentTask { $0?.cancel() }
          do throws(SerialClientError) {
            _ = try await client.allocateJobs()
            return nil
          } catch { return error }
        }
        let error = try #require(await task.value)
        #expect(error.code == .cancelled && !error.mayBeDone)
      }
      #expect(server.requests.isEmpty)
    }
  }

  @Test func aCallThatIsCancelledWhileItIsUnderWayIsUnknown() async throws {
    let (sent, sentNow) = AsyncStream.makeStream(of: Void.self)
    try await ScriptedServer.run([.hang()], noting: sentNow) { _, url in
      try await TestWorld().client([url]) { client in
        let task = Task { () async -> SerialClientError? in
          do throws(SerialClientError) {
            _ = try await client.allocateJobs()
            return nil
          } catch { return error }
        }
        for await _ in sent { break }
        task.cancel()
        let error = try #require(await task.value)
        #expect(error.code == .outcomeUnknown && error.idempotencyKey == "made-1")
      }
    }
  }

  @Test func configurationsThatCannotWorkAreRefused() {
    for nodes in [[], ["eu-1:7801"], ["ftp://eu-1"], ["https://"]] {
      #expect(throws: SerialClientError.self) {
        try SerialClient(ClientConfiguration(nodes: nodes), token: nil)
      }
    }
    #expect(throws: SerialClientError.self) {
      try SerialClient(
        ClientConfiguration(nodes: ["https://eu-1"], certificateAuthorityFile: "/nowhere"),
        token: nil)
    }
  }

  @Test func aNodeIsToldApartByItsCertificate() async throws {
    try await TLSFiles.run { files in
      let steps: [ScriptedServer.Step] = [.answer(200, #"{"counters":[]}"#)]
      try await ScriptedServer.run(steps, tls: files.server) { server, url in
        let port = try #require(URL(string: url)?.port)
        try await TestWorld().client(
          ["https://127.0.0.1:\(port)"], authority: files.authority
        ) { client in
          let counters = try await client.capacity()
          #expect(counters.isEmpty)
        }
        #expect(server.requests.count == 1)
        // Another authority: the certificate is refused, and nothing was sent.
        try await TestWorld().client(
          [url], deadline: .milliseconds(50), authority: files.otherAuthority
        ) { client in
          let error = try await failure { () async throws(SerialClientError) in
            try await client.allocateJobs()
          }
          #expect(error.code == .unreachable && !error.mayBeDone, "\(error)")
        }
        #expect(server.requests.count == 1)
      }
      // The right authority and another host's certificate.
      try await ScriptedServer.run(steps, tls: files.elsewhere) { server, url in
        try await TestWorld().client(
          [url], deadline: .milliseconds(50), authority: files.authority
        ) { client in
          let error = try await failure { () async throws(SerialClientError) in
            try await client.allocateJobs()
          }
          #expect(error.code == .unreachable && !error.mayBeDone, "\(error)")
        }
        #expect(server.requests.isEmpty)
      }
    }
  }
}
