import Crypto
import CryptoExtras
import Foundation
import JWTKit
import Synchronization
import Testing

@testable import SerialAuth

/// A key of each kind, and the set of their public halves.
struct Keyring {
  let elliptic = P256.Signing.PrivateKey()
  let edwards = Curve25519.Signing.PrivateKey()
  let rsa: JWTKit.Insecure.RSA.PrivateKey

  init() throws { rsa = try .init(backing: _RSA.Signing.PrivateKey(keySize: .bits2048)) }

  func ellipticEntry(kid: String = "ec", extra: String = "") -> String {
    let point = elliptic.publicKey.rawRepresentation
    return """
      {"kty":"EC","crv":"P-256","kid":"\(kid)","x":"\(Base64URL.encode(point.prefix(32)))",\
      "y":"\(Base64URL.encode(point.suffix(32)))"\(extra)}
      """
  }

  func edwardsEntry(kid: String = "ed") -> String {
    let point = edwards.publicKey.rawRepresentation
    return """
      {"kty":"OKP","crv":"Ed25519","kid":"\(kid)","alg":"EdDSA","x":"\(Base64URL.encode(point))"}
      """
  }

  func rsaEntry(kid: String? = "rsa", extra: String = "") throws -> String {
    let numbers = try rsa.publicKey.getKeyPrimitives()
    let kidPart = kid.map { "\"kid\":\"\($0)\"," } ?? ""
    return """
      {"kty":"RSA",\(kidPart)"use":"sig","n":"\(Base64URL.encode(numbers.modulus))",\
      "e":"\(Base64URL.encode(numbers.publicExponent))"\(extra)}
      """
  }

  static func set(_ entries: String...) -> String {
    "{\"keys\":[\(entries.joined(separator: ","))]}"
  }

  func token(es256 header: String) throws -> String {
    try TokenForge.signed(header, TokenForge.claims()) {
      Array(try elliptic.signature(for: $0).rawRepresentation)
    }
  }

  func token(edDSA header: String) throws -> String {
    try TokenForge.signed(header, TokenForge.claims()) { Array(try edwards.signature(for: $0)) }
  }

  func token(rs256 kid: String?) async throws -> String {
    let keys = await JWTKeyCollection().add(rsa: rsa, digestAlgorithm: .sha256)
    let claims = TokenClaims(
      subject: "tests", expiry: TokenForge.now.addingTimeInterval(60), issuedAt: TokenForge.now,
      audience: TokenForge.audience, scopes: [.allocateSerials])
    return try await keys.sign(claims, kid: kid.map { JWKIdentifier(string: $0) })
  }
}

@Suite struct KeyFileTests {
  let folder: TestFolder
  let keys: Keyring
  let now = TokenForge.now

  init() throws {
    folder = try TestFolder()
    keys = try Keyring()
  }

  func verifier(
    _ text: String, report: @escaping @Sendable (TokenVerifier.KeyEvent) -> Void = { _ in }
  ) async throws -> TokenVerifier {
    try await .withKeyFile(
      folder.write(text, as: "jwks.json"), rules: TokenRules(audience: TokenForge.audience),
      now: now, report: report)
  }

  func refusal(
    of token: String, by verifier: TokenVerifier, after seconds: Double = 0
  ) async -> TokenError.Code? {
    do throws(TokenError) {
      _ = try await verifier.verify(token, now: now.addingTimeInterval(seconds))
      return nil
    } catch {
      return error.code
    }
  }

  @Test func takesEachAlgorithm() async throws {
    let verifier = try await verifier(
      Keyring.set(keys.ellipticEntry(), keys.edwardsEntry(), keys.rsaEntry()))
    let tokens = [
      try keys.token(es256: TokenForge.header("ES256", kid: "ec")),
      try keys.token(edDSA: TokenForge.header("EdDSA", kid: "ed")),
      try await keys.token(rs256: "rsa"),
    ]
    for token in tokens {
      let caller = try await verifier.verify(token, now: now)
      #expect(caller.subject == "tests")
    }
  }

  @Test func refusesAnAlgorithmThatTheKeyDoesNotHave() async throws {
    let verifier = try await verifier(
      Keyring.set(keys.ellipticEntry(), keys.edwardsEntry(), keys.rsaEntry()))
    for (algorithm, kid) in [
      ("EdDSA", "ec"), ("RS256", "ec"), ("HS256", "ec"), ("ES384", "ec"), ("none", "ec"),
    ] {
      let token = try keys.token(es256: TokenForge.header(algorithm, kid: kid))
      #expect(await refusal(of: token, by: verifier) == .unsupportedAlgorithm)
    }
    let wrongKey = try keys.token(es256: TokenForge.header("EdDSA", kid: "ed"))
    #expect(await refusal(of: wrongKey, by: verifier) == .badSignature)
  }

  @Test func refusesAPublicKeyUsedAsASecret() async throws {
    let verifier = try await verifier(Keyring.set(keys.rsaEntry()))
    let numbers = try keys.rsa.publicKey.getKeyPrimitives()
    let secrets: [[UInt8]] = [
      Array(keys.rsa.publicKey.pemRepresentation.utf8), Array(keys.rsa.publicKey.derRepresentation),
      Array(numbers.modulus), Array(try keys.rsaEntry().utf8),
    ]
    for secret in secrets {
      for kid in ["rsa", nil] {
        let header = TokenForge.header("HS256", kid: kid)
        let token = TokenForge.hs256(header: header, secret: secret)
        #expect(await refusal(of: token, by: verifier) == .unsupportedAlgorithm)
      }
    }
  }

  @Test func theKeyMustBeNamedWhereThereAreSeveral() async throws {
    let unnamed = try keys.token(es256: TokenForge.header("ES256"))
    let several = try await verifier(Keyring.set(keys.ellipticEntry(), keys.edwardsEntry()))
    #expect(await refusal(of: unnamed, by: several) == .unknownKey)
    let single = try await verifier(Keyring.set(keys.ellipticEntry()))
    #expect(await refusal(of: unnamed, by: single) == nil)
    let other = try keys.token(es256: TokenForge.header("ES256", kid: "other"))
    #expect(await refusal(of: other, by: single) == .unknownKey)
    let withoutID = try await verifier(Keyring.set(keys.rsaEntry(kid: nil)))
    #expect(await refusal(of: try await keys.token(rs256: nil), by: withoutID) == nil)
  }

  @Test func refusesFilesThatAreNotSafeToUse() async throws {
    let weak = """
      {"kty":"RSA","kid":"w","e":"AQAB","n":"\(Base64URL.encode([0x7F] + [UInt8](repeating: 1, count: 255)))"}
      """
    let cases: [(String, KeyError.Code)] = [
      ("", .malformed), ("[]", .malformed), ("{\"keys\":5}", .malformed), ("{}", .malformed),
      (Keyring.set(), .noUsableKey),
      (Keyring.set("{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"x\"}"), .noUsableKey),
      (Keyring.set(keys.ellipticEntry(extra: ",\"use\":\"enc\"")), .noUsableKey),
      (Keyring.set(keys.ellipticEntry(extra: ",\"alg\":\"ES512\"")), .noUsableKey),
      (Keyring.set(keys.ellipticEntry(extra: ",\"key_ops\":[\"sign\"]")), .noUsableKey),
      (Keyring.set(keys.ellipticEntry(), keys.ellipticEntry()), .ambiguousKey),
      (Keyring.set(keys.ellipticEntry(), try keys.rsaEntry(kid: nil)), .ambiguousKey),
      (Keyring.set(keys.ellipticEntry(extra: ",\"d\":\"AAAA\"")), .privateKey),
      (Keyring.set("{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"x\"}"), .privateKey),
      (Keyring.set(weak), .weakKey),
      (Keyring.set("{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"x\"}"), .malformed),
      (Keyring.set("{\"kty\":\"RSA\",\"kid\":\"x\"}"), .malformed),
    ]
    for (text, expected) in cases {
      let error = await #expect(throws: KeyError.self) { _ = try await verifier(text) }
      #expect(error?.code == expected, "\(text)")
    }
    let missing = await #expect(throws: KeyError.self) {
      _ = try await TokenVerifier.withKeyFile(
        folder.path + "/none.json", rules: TokenRules(audience: "x"))
    }
    #expect(missing?.code == .unreadable)
  }

  @Test func passesOverKeysItDoesNotTake() async throws {
    let verifier = try await verifier(
      Keyring.set("{\"kty\":\"AKP\",\"alg\":\"ML-DSA-65\",\"kid\":\"pq\"}", keys.ellipticEntry()))
    let token = try keys.token(es256: TokenForge.header("ES256", kid: "ec"))
    #expect(await refusal(of: token, by: verifier) == nil)
  }

  @Test func seesAChangedFileAfterTenSeconds() async throws {
    let events = Mutex<[TokenVerifier.KeyEvent]>([])
    let verifier = try await verifier(Keyring.set(keys.ellipticEntry())) { event in
      events.withLock { $0.append(event) }
    }
    let old = try keys.token(es256: TokenForge.header("ES256", kid: "ec"))
    let new = try keys.token(edDSA: TokenForge.header("EdDSA", kid: "ed"))
    _ = try folder.write(Keyring.set(keys.edwardsEntry()), as: "jwks.json")

    #expect(await refusal(of: new, by: verifier, after: 9) == .unknownKey)
    #expect(await refusal(of: old, by: verifier, after: 9) == nil)
    #expect(await refusal(of: new, by: verifier, after: 10) == nil)
    #expect(await refusal(of: old, by: verifier, after: 10) == .unknownKey)
    #expect(events.withLock { $0 } == [.reloaded(keys: 1)])

    // A file that cannot be used leaves the keys in force, and is tried again.
    _ = try folder.write("broken", as: "jwks.json")
    #expect(await refusal(of: new, by: verifier, after: 20) == nil)
    #expect(await refusal(of: new, by: verifier, after: 30) == nil)
    let failures = events.withLock { $0 }.dropFirst()
    #expect(failures.count == 2)
    _ = try folder.write(Keyring.set(keys.ellipticEntry(), keys.edwardsEntry()), as: "jwks.json")
    #expect(await refusal(of: old, by: verifier, after: 40) == nil)
    #expect(events.withLock { $0 }.last == .reloaded(keys: 2))
  }
}
