import HTTPTypes
import HummingbirdTesting
import NIOCore
import SerialAuth
import Testing

@testable import SerialAPI

/// Whatever is sent, the answer is 2xx or a problem of the client's, and never a fault of ours.
@Suite struct FuzzTests {
  @Test func bodiesAndPaths() async throws {
    let world = try await World()
    let token = try await world.token(scopes: Set(Scope.allCases))
    try await world.routed { client in
      var random = SeededRandom(seed: 0xF022)
      for round in 0..<3_000 {
        let body = JSONParserTests.randomText(&random)
        let path: String
        switch round % 4 {
        case 0: path = "/api/serials/jobs"
        case 1: path = "/api/serials/validate"
        case 2: path = "/api/serials/" + Self.segment(&random)
        default: path = Self.segment(&random)
        }
        let method: HTTPRequest.Method = round % 4 < 2 ? .post : .get
        let answer = Answer(
          try await client.executeRequest(
            uri: path, method: method, headers: [.authorization: "Bearer \(token)"],
            body: ByteBuffer(bytes: body)))
        guard answer.status.kind != .successful else { continue }
        #expect(400..<500 ~= answer.status.code, "seed 0xF022, round \(round): \(answer.text)")
        #expect(answer.problemCode() != nil)
      }
    }
  }

  private static func segment(_ random: inout SeededRandom) -> String {
    let alphabet = Array("JT0123456789.%/?&=#:ab+<>\"'{}[]|~ \u{E4}\u{661}")
    return String(
      (0..<Int.random(in: 0...24, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? "J"
      })
  }
}
