import Allocator
import HTTPTypes
import HummingbirdTesting
import LeaseCore
import NIOCore
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// Idempotency keys, named years and the reserve.
@Suite struct KeyTests {
  let world: World
  let token: String
  let name: HTTPField.Name

  init() async throws {
    world = try await World()
    token = try await world.token(.allocateSerials, subject: "billing")
    name = try #require(HTTPField.Name("idempotency-key"))
  }

  func send(
    _ body: String = "{}", keys: String..., path: String = "/api/serials/jobs",
    token: String? = nil
  ) async throws -> Answer {
    var headers = HTTPFields()
    for key in keys { headers.append(HTTPField(name: name, value: key)) }
    let sent = headers
    return try await world.routed { client in
      try await client.send(.post, path, token: token ?? self.token, body: body, headers: sent)
    }
  }

  @Test func aKeyGoesToTheAllocatorWithItsRoute() async throws {
    let first = try await send("{\"count\":3}", keys: "order-4711")
    #expect(first.status == .created)
    #expect(first.headers[try #require(RequestedKey.replayName)] == nil)
    let key = try #require(world.issuing.requests.first?.key)
    #expect(key.route == "POST /api/serials/jobs")
    #expect(key.key == "order-4711")
    _ = try await send(keys: "order-4711", path: "/api/serials/targets")
    #expect(world.issuing.requests.last?.key?.route == "POST /api/serials/targets")
    _ = try await send()
    #expect(world.issuing.requests.last?.key == nil)
  }

  @Test func requestsThatAreTheSameHaveTheSameHashAndNoOthers() async throws {
    let administrator = try await world.token(.allocateSerials, .administerCluster)
    var hashes: [String] = []
    for bodies in [
      ["", "{}", "{\"count\":1}", "{ \"count\": 1.0 }"], ["{\"count\":2}", "{\"count\":2e0}"],
      ["{\"count\":1,\"year\":2026}", "{\"year\":2026}"], ["{\"year\":2027}"],
      ["{\"count\":20,\"year\":2026}"], ["{\"count\":12}"],
    ] {
      for body in bodies {
        #expect(try await send(body, keys: "k", token: administrator).status == .created)
      }
      let found = world.issuing.requests.suffix(bodies.count).compactMap { $0.key?.requestHash }
      #expect(found.count == bodies.count && Set(found).count == 1, "\(bodies)")
      hashes.append(contentsOf: found.prefix(1))
    }
    #expect(Set(hashes).count == 6)
  }

  @Test func aReplaySaysSo() async throws {
    world.issuing.replay()
    let answer = try await send(keys: "k")
    #expect(answer.status == .created)
    #expect(answer.headers[try #require(HTTPField.Name("Idempotent-Replay"))] == "true")
    #expect(answer["serials"] == .array([.string("J202600001")]))
  }

  @Test(arguments: [
    "x", "inner space", "a,b;c=\"d\"", String(repeating: "k", count: 200),
    String(repeating: "\u{E4}", count: 100), "\u{1F600}", "\u{661}\u{5D0}", "e\u{301}",
  ])
  func keysAreTaken(key: String) async throws {
    #expect(try await send(keys: key).status == .created)
    #expect(world.issuing.requests.map(\.key?.key) == [key])
  }

  @Test(arguments: [
    "", String(repeating: "k", count: 201), String(repeating: "\u{E4}", count: 100) + "k",
    "a\tb", "a\u{85}b", "\u{80}", "\u{9F}", "\u{FFFD}",
  ])
  func keysAreRefused(key: String) async throws {
    let answer = try await send(keys: key)
    #expect(answer.status == .badRequest, "\(key.debugDescription)")
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail?.hasPrefix("The header Idempotency-Key ") == true)
    #expect(world.issuing.requests.isEmpty)
  }

  @Test(arguments: [["a", "a"], ["a", "b"], ["", "a"], ["a", "b", "c"]])
  func aKeyComesOnce(keys: [String]) async throws {
    var headers = HTTPFields()
    for key in keys { headers.append(HTTPField(name: name, value: key)) }
    let sent = headers
    let answer = try await world.routed { client in
      try await client.send(.post, "/api/serials/jobs", token: token, headers: sent)
    }
    #expect(answer.problemCode() == "invalid-request")
    #expect(
      answer.detail == "The header Idempotency-Key comes \(keys.count) times; send it once.")
    #expect(world.issuing.requests.isEmpty)
  }

  /// Bytes as they can be sent, which no client library would. None may become another key.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      [0x61, 0x01, 0x62], [0x61, 0x00, 0x62], [0x61, 0x1B, 0x62], [0x61, 0x7F, 0x62],
      [0x61, 0xE9, 0x62], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0x61, 0xC2, 0x85],
      [0x61, 0x0D, 0x62], [0x09], [0x20], [],
    ] as [[UInt8]])
  func bytesOfAKeyAreRefused(bytes: [UInt8]) async throws {
    try await world.served { port in
      let answer = try await RawClient.connected(to: port) { reader, writer in
        var request = ByteBuffer(
          string: "POST /api/serials/jobs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            + "Content-Length: 2\r\nAuthorization: Bearer \(token)\r\nIdempotency-Key: ")
        request.writeBytes(bytes)
        request.writeString("\r\n\r\n{}")
        try await writer.write(request)
        return try await reader.untilEnd()
      }
      #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(bytes): \(answer)")
    }
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func onlyAdministratorsNameAYear() async throws {
    let answer = try await send("{\"year\":2026}")
    #expect(answer.status == .forbidden)
    #expect(answer.problemCode() == "forbidden")
    #expect(answer["scope"] == .string("cluster:admin"))
    #expect(world.issuing.requests.isEmpty)
    let administrator = try await world.token(.allocateSerials, .administerCluster)
    let named = try await send("{\"year\":2027,\"count\":2}", token: administrator)
    #expect(named.status == .created)
    #expect(named["serials"] == .array([.string("J202700001"), .string("J202700002")]))
    #expect(world.issuing.requests.map(\.year) == [2027])
    let alone = try await world.token(.administerCluster)
    #expect(try await send("{\"year\":2027}", token: alone).status == .forbidden)
  }

  @Test(arguments: ["1999", "10000", "0", "-2026", "\"2026\"", "null", "2026.5", "true", "[]"])
  func yearsAreRefused(year: String) async throws {
    let administrator = try await world.token(.allocateSerials, .administerCluster)
    let answer = try await send("{\"year\":\(year)}", token: administrator)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail == "\"year\" must be a whole number from 2000 to 9999.")
    #expect(answer["field"] == .string("year"))
    #expect(world.issuing.requests.isEmpty)
  }

  @Test func onlyAdministratorsMayUseTheReserve() async throws {
    _ = try await send()
    _ = try await send(token: try await world.token(.allocateSerials, .administerCluster))
    #expect(world.issuing.requests.map(\.mayUseReserve) == [false, true])
  }
}
