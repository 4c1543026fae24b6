import Foundation
import Testing

@testable import SerialAuth

@Suite struct TokenSecretTests {
  @Test func needsThirtyTwoBytes() throws {
    _ = try TokenSecret(String(repeating: "x", count: 32))
    for text in ["", "short", String(repeating: "x", count: 31)] {
      #expect(throws: KeyError.self) { try TokenSecret(text) }
    }
    // White space around a secret does not make it longer.
    #expect(throws: KeyError.self) { try TokenSecret(String(repeating: "x", count: 31) + "\n\n") }
  }

  @Test func whiteSpaceAroundItIsNotPartOfIt() throws {
    let text = String(repeating: "x", count: 32)
    #expect(try TokenSecret(text) == TokenSecret(" \(text)\r\n"))
    #expect(try TokenSecret(text) != TokenSecret(text + "y"))
    #expect(try TokenSecret(text) != TokenSecret(String(repeating: "y", count: 32)))
  }

  @Test func isNeverShown() throws {
    let secret = try TokenSecret("marmalade-marmalade-marmalade-marmalade")
    #expect(!"\(secret)".contains("marmalade"))
    #expect(!String(reflecting: secret).contains("marmalade"))
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!dumped.contains("109") && !dumped.contains("marmalade"))
    let short = #expect(throws: KeyError.self) { try TokenSecret("marmalade") }
    #expect(short?.description.contains("marmalade") == false)
  }

  @Test func knowsLocalDefaults() throws {
    let local = TokenSecret.makeLocal()
    #expect(local != TokenSecret.makeLocal())
    #expect(TokenSecret.isLocalDefault(local))
    #expect(TokenSecret.isLocalDefault("\n\(local)\n"))
    #expect(try TokenSecret(local).isLocalDefault)
    #expect(TokenSecret.isLocalDefault("local-"))
    #expect(!TokenSecret.isLocalDefault("not-local-0123456789"))
    #expect(try !TokenSecret(String(repeating: "x", count: 40)).isLocalDefault)
  }

  @Test func base64urlIsStrict() {
    #expect(Base64URL.decode("".utf8) == [])
    for length in 0..<70 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 251) }
      #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
    }
    for text in ["A", "AAAAA", "AB=", "AB==", "A+AA", "A/AA", "AA AA", "AB", "AAB", "AA\n"] {
      #expect(Base64URL.decode(text.utf8) == nil, "\(text)")
    }
  }
}
