import HTTPTypes
import HummingbirdTesting
import NIOCore
import SerialAuth
import Testing

@testable import SerialAPI

/// Whatever is sent, the answer is 2xx or a problem of the client's, and never a fault of ours.
@Suite struct FuzzTests {
  @Test func bodiesAndPaths() async throws {
    let world = try await AccessTests.filled()
    let token = try await world.token(scopes: Set(Scope.allCases))
    try await world.routed { client in
      var random = SeededRandom(seed: 0xF022)
      for round in 0..<6_000 {
        let body = JSONParserTests.randomText(&random)
        let path: String
        var method = HTTPRequest.Method.get
        switch round % 6 {
        case 0: (method, path) = (.post, "/api/serials/jobs")
        case 1: (method, path) = (.post, "/api/serials/validate")
        case 2: path = "/api/serials/" + Self.segment(&random)
        case 3:
          let route = Self.registry[Int.random(in: 0..<Self.registry.count, using: &random)]
          (method, path) = (route.method, route.samplePath)
        case 4:
          let route = Self.registry[Int.random(in: 0..<Self.registry.count, using: &random)]
          let template = route.template.replacing(/{[a-z_]+}/, with: Self.segment(&random))
          let query = route.queryNames.isEmpty ? "" : "?\(route.queryNames[0])="
          (method, path) = (route.method, template + query + Self.segment(&random))
        default: path = Self.segment(&random)
        }
        let answer = Answer(
          try await client.executeRequest(
            uri: path, method: method, headers: [.authorization: "Bearer \(token)"],
            body: ByteBuffer(bytes: body)))
        guard answer.status.kind != .successful else { continue }
        // The registry of the tests has not what the allocator goes on to number.
        guard answer["serials"] == nil else { continue }
        #expect(400..<500 ~= answer.status.code, "seed 0xF022, round \(round): \(answer.text)")
        #expect(answer.problemCode() != nil)
      }
    }
  }

  private static let registry: [Route] = Route.allCases.filter {
    [.scope(.readRecords), .scope(.writeRecords)].contains($0.access)
  }

  private static func segment(_ random: inout SeededRandom) -> String {
    let alphabet = Array("JT0123456789.%/?&=#:ab+<>\"'{}[]|~ \u{E4}\u{661}")
    return String(
      (0..<Int.random(in: 0...24, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? "J"
      })
  }
}
