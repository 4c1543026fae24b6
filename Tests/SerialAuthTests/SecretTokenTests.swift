import Crypto
import Foundation
import Testing

@testable import SerialAuth

@Suite struct SecretTokenTests {
  let now = TokenForge.now

  func verifier(issuer: String? = nil) async throws -> TokenVerifier {
    try await .withSecret(
      TokenSecret(TokenForge.secretText),
      rules: TokenRules(audience: TokenForge.audience, issuer: issuer))
  }

  func refusal(of token: String, issuer: String? = nil) async throws -> TokenError.Code? {
    let verifier = try await verifier(issuer: issuer)
    do throws(TokenError) {
      _ = try await verifier.verify(token, now: now)
      return nil
    } catch {
      return error.code
    }
  }

  @Test func takesAGoodToken() async throws {
    let caller = try await verifier().verify(TokenForge.hs256(), now: now)
    #expect(caller == Caller(subject: "tests", scopes: [.allocateSerials, .readRecords]))
    #expect(caller.has(.readRecords))
    #expect(!caller.has(.readCluster))
  }

  @Test func takesWhatTheMinterMakes() async throws {
    let secret = try TokenSecret(TokenForge.secretText)
    let token = try await TokenMinter(secret: secret).mint(
      subject: "dev", scopes: Set(Scope.allCases), audience: TokenForge.audience,
      lifetimeSeconds: 3600, now: now)
    let caller = try await verifier().verify(token, now: now.addingTimeInterval(3600))
    #expect(caller == Caller(subject: "dev", scopes: Set(Scope.allCases)))
    let late = now.addingTimeInterval(3606)
    await #expect(throws: TokenError(.expired)) {
      try await verifier().verify(token, now: late)
    }
    let other = try await TokenMinter(secret: secret).mint(
      subject: "dev", scopes: Set(Scope.allCases), audience: TokenForge.audience,
      lifetimeSeconds: 3600, now: now)
    #expect(other != token)
  }

  @Test func theMinterRefusesWhatTheVerifierWould() async throws {
    let minter = TokenMinter(secret: try TokenSecret(TokenForge.secretText))
    for subject in ["", "a\nb", String(repeating: "x", count: 201)] {
      await #expect(throws: TokenError(.badClaims)) {
        try await minter.mint(
          subject: subject, scopes: [], audience: "seriald", lifetimeSeconds: 60)
      }
    }
  }

  @Test(
    arguments: [
      (["exp": nil], TokenError.Code.badClaims),
      (["exp": "soon"], .badClaims),
      (["exp": 1_779_999_994], .expired),
      (["exp": 1_779_999_996], nil),
      (["nbf": 1_780_000_006], .notYetValid),
      (["nbf": 1_780_000_004], nil),
      (["iat": 1_780_000_006], .notYetValid),
      (["iat": nil], nil),
      (["aud": nil], .badClaims),
      (["aud": "other"], .wrongAudience),
      (["aud": ["other", "seriald"]], nil),
      (["aud": ["other"]], .wrongAudience),
      (["aud": [] as [String]], .badClaims),
      (["aud": 5], .badClaims),
      (["sub": nil], .badClaims),
      (["sub": ""], .badClaims),
      (["sub": 7], .badClaims),
      (["sub": "a\u{0}b"], .badClaims),
      (["sub": "a\u{202E}b"], .badClaims),
      (["sub": String(repeating: "x", count: 200)], nil),
      (["sub": String(repeating: "x", count: 201)], .badClaims),
      (["scope": nil], nil),
      (["scope": ["serials:allocate"]], .badClaims),
      (["scope": 1], .badClaims),
    ] as [([String: (any Sendable)?], TokenError.Code?)])
  func judgesClaims(changes: [String: (any Sendable)?], expected: TokenError.Code?) async throws {
    let token = TokenForge.hs256(TokenForge.claims(changes))
    #expect(try await refusal(of: token) == expected)
  }

  @Test func judgesTheIssuerWhereOneIsSet() async throws {
    let token = TokenForge.hs256(TokenForge.claims(["iss": "https://id.example"]))
    #expect(try await refusal(of: token, issuer: "https://id.example") == nil)
    #expect(try await refusal(of: token, issuer: "https://other.example") == .wrongIssuer)
    #expect(try await refusal(of: TokenForge.hs256(), issuer: "x") == .wrongIssuer)
  }

  @Test func readsScopes() async throws {
    func scopes(_ changes: [String: (any Sendable)?]) async throws -> Set<Scope> {
      let token = TokenForge.hs256(TokenForge.claims(changes))
      return try await verifier().verify(token, now: now).scopes
    }
    #expect(try await scopes(["scope": "openid  cluster:read profile"]) == [.readCluster])
    #expect(try await scopes(["scope": "SERIALS:ALLOCATE"]) == [])
    #expect(try await scopes(["scope": nil, "scp": ["records:read", "x"]]) == [.readRecords])
    #expect(try await scopes(["scope": nil, "scp": "records:read x"]) == [.readRecords])
    #expect(try await scopes(["scope": "", "scp": ["records:read"]]) == [])
  }

  @Test func theAdministratorSeesTheClusterAndNoMore() {
    let administrator: Set<Scope> = [.administerCluster]
    #expect(administrator.permits(.readCluster))
    #expect(administrator.permits(.administerCluster))
    #expect(!administrator.permits(.allocateSerials))
    #expect(!administrator.permits(.readRecords))
    #expect(!Set<Scope>([.readCluster]).permits(.administerCluster))
  }

  @Test func refusesOtherSignatures() async throws {
    let other = TokenForge.hs256(secret: Array("another secret, also long enough: 01234".utf8))
    #expect(try await refusal(of: other) == .badSignature)
    let good = TokenForge.hs256()
    #expect(try await refusal(of: String(good.dropLast(4))) == .badSignature)
    let noSignature = good.prefix(through: good.lastIndex(of: ".") ?? good.startIndex)
    #expect(try await refusal(of: String(noSignature)) == .badSignature)
    // Claims swapped under the same signature.
    let parts = good.split(separator: ".")
    let claims = Base64URL.encode(TokenForge.claims(["scope": "cluster:admin"]).utf8)
    #expect(try await refusal(of: "\(parts[0]).\(claims).\(parts[2])") == .badSignature)
  }

  @Test(arguments: [
    ("none", TokenError.Code.unsupportedAlgorithm), ("None", .unsupportedAlgorithm),
    ("", .unsupportedAlgorithm), ("HS384", .unsupportedAlgorithm), ("HS512", .unsupportedAlgorithm),
    ("hs256", .unsupportedAlgorithm), ("RS256", .unsupportedAlgorithm),
    ("ES256", .unsupportedAlgorithm), ("EdDSA", .unsupportedAlgorithm),
  ])
  func refusesOtherAlgorithms(name: String, expected: TokenError.Code) async throws {
    // Signed well with the right secret: only what the header says is wrong.
    let token = TokenForge.hs256(header: TokenForge.header(name))
    #expect(try await refusal(of: token) == expected)
    let unsigned = TokenForge.signed(TokenForge.header(name), TokenForge.claims()) { _ in [] }
    #expect(try await refusal(of: unsigned) == expected)
  }

  @Test(arguments: [
    (",\"crit\":[\"exp\"]", TokenError.Code.unsupportedHeader),
    (",\"b64\":false", .unsupportedHeader), (",\"typ\":\"secevent+jwt\"", .unsupportedHeader),
    (",\"typ\":\"JWT\"", nil), (",\"typ\":\"at+jwt\"", nil), (",\"typ\":5", .malformed),
    (",\"kid\":\"whatever\"", nil), (",\"kid\":5", .malformed),
  ])
  func readsTheHeader(extra: String, expected: TokenError.Code?) async throws {
    let token = TokenForge.hs256(header: TokenForge.header("HS256", extra: extra))
    #expect(try await refusal(of: token) == expected)
  }

  @Test(arguments: [
    "", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", " ", "e30.e30.e30", "e30=.e30.e30",
    "Bearer x", "\u{0}.\u{0}.\u{0}", "ä.ö.ü", "eyJhbGciOiJIUzI1NiJ9.e30", "bnVsbA.bnVsbA.",
    "W10.e30.", "eyJhbGciOjV9.e30.", "eyJhbGciOiJIUzI1NiJ8.e30.",
  ])
  func refusesWhatIsNoToken(text: String) async throws {
    #expect(try await refusal(of: text) == .malformed)
  }

  @Test func refusesALongToken() async throws {
    let padding = String(repeating: "x", count: TokenVerifier.byteLimit)
    let token = TokenForge.hs256(TokenForge.claims(["padding": padding]))
    #expect(try await refusal(of: token) == .tooLarge)
  }

  @Test func survivesChangedBytes() async throws {
    var random = SeededRandom(seed: 0x5E41)
    let good = Array(TokenForge.hs256().utf8)
    let verifier = try await verifier()
    for _ in 0..<2_000 {
      var bytes = good
      let index = Int.random(in: 0..<bytes.count, using: &random)
      bytes[index] = UInt8.random(in: 0x20...0x7E, using: &random)
      guard bytes != good else { continue }
      let token = String(decoding: bytes, as: UTF8.self)
      await #expect(throws: TokenError.self) { try await verifier.verify(token, now: now) }
    }
  }

  @Test func errorsHoldNothingOfTheToken() async throws {
    for code in TokenError.Code.allCases {
      let text = TokenError(code).description
      #expect(!text.isEmpty && text.allSatisfy { $0.isASCII && $0 != "\"" })
    }
  }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
