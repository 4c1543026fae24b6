import Crypto
import JWTKit

/// The keys a token may be signed with, each for exactly one algorithm.
///
/// The algorithm is a property of the key. A token's header may only repeat it, so that no header
/// can have a public key used as a secret (RFC 8725 section 3.1).
struct KeyTable: Sendable {
  struct Key: Sendable {
    let name: String
    let algorithm: any JWTAlgorithm
  }

  private let byID: [String: Key]
  /// For tokens that name no key: only where there is no choice.
  private let only: Key?
  let count: Int

  init(named keys: [String: Key], unnamed: Key? = nil) {
    byID = keys
    count = keys.count + (unnamed == nil ? 0 : 1)
    only = unnamed ?? (keys.count == 1 ? keys.first?.value : nil)
  }

  /// One secret for HS256. It has no identifier, and a token that names one is taken all the same:
  /// there is nothing to choose.
  init(secret: TokenSecret) async throws(KeyError) {
    let collection = await JWTKeyCollection().add(
      hmac: HMACKey(from: secret.bytes), digestAlgorithm: .sha256)
    guard let algorithm = try? await collection.getKey() else {
      throw KeyError(.noUsableKey, "The token secret cannot be used.")
    }
    self.init(named: [:], unnamed: Key(name: "HS256", algorithm: algorithm))
  }

  /// The key for a header, or why there is none.
  func key(for header: TokenHeader) throws(TokenError) -> Key {
    let found: Key?
    if let keyID = header.keyID, !byID.isEmpty { found = byID[keyID] } else { found = only }
    guard Self.algorithms.contains(header.algorithm) else {
      throw TokenError(.unsupportedAlgorithm)
    }
    guard let found else { throw TokenError(.unknownKey) }
    guard found.name == header.algorithm else { throw TokenError(.unsupportedAlgorithm) }
    return found
  }

  /// What this node takes at all. `none` is not among them.
  static let algorithms: Set<String> = ["HS256", "ES256", "EdDSA", "RS256"]
}
