import Foundation
import JWTKit

/// A JSON Web Key Set (RFC 7517), read key by key.
///
/// A key of a kind, curve, use or algorithm that this node does not take is passed over, as the
/// standard says; a key that is dangerous to hold or too weak refuses the whole file.
struct KeySet: Decodable {
  private let keys: [Entry]

  /// A file longer than this is not a set of keys, in bytes.
  static let byteLimit = 1 << 20

  static func read(_ data: Data) async throws(KeyError) -> KeyTable {
    let set: KeySet
    do {
      guard data.count <= byteLimit else { throw CocoaError(.fileReadTooLarge) }
      set = try JSONDecoder().decode(KeySet.self, from: data)
    } catch {
      throw KeyError(.malformed, "The file of keys is not a JSON Web Key Set.")
    }
    var named: [String: KeyTable.Key] = [:]
    var unnamed: [KeyTable.Key] = []
    for (index, entry) in set.keys.enumerated() {
      guard let key = try await entry.key(at: index) else { continue }
      guard let keyID = entry.kid else {
        unnamed.append(key)
        continue
      }
      guard named.updateValue(key, forKey: keyID) == nil else {
        throw KeyError(.ambiguousKey, "Two keys of the set have the same kid.")
      }
    }
    guard !named.isEmpty || !unnamed.isEmpty else {
      throw KeyError(.noUsableKey, "No key of the set is for ES256, EdDSA or RS256.")
    }
    guard unnamed.isEmpty || named.count + unnamed.count == 1 else {
      throw KeyError(.ambiguousKey, "A key without kid must be the only one of the set.")
    }
    return KeyTable(named: named, unnamed: unnamed.first)
  }
}

extension KeySet {
  /// One key: those members that decide whether it can be used.
  private struct Entry: Decodable {
    let kty: String
    let kid: String?
    let alg: String?
    let use: String?
    let operations: [String]?
    let crv: String?
    let n: String?
    let e: String?
    let x: String?
    let y: String?
    // Parts of a private or a symmetric key; only their presence matters.
    let d: String?
    let k: String?

    private enum CodingKeys: String, CodingKey {
      case kty, kid, alg, use, crv, n, e, x, y, d, k
      case operations = "key_ops"
    }

    /// The algorithm that this key is for, or nil when this node does not take it.
    private var algorithm: JWK.Algorithm? {
      guard use ?? "sig" == "sig", operations?.contains("verify") ?? true else { return nil }
      let natural: JWK.Algorithm
      switch (kty, crv) {
      case ("RSA", _): natural = .rs256
      case ("EC", "P-256"): natural = .es256
      case ("OKP", "Ed25519"): natural = .eddsa
      default: return nil
      }
      return alg ?? natural.rawValue == natural.rawValue ? natural : nil
    }

    func key(at index: Int) async throws(KeyError) -> KeyTable.Key? {
      guard d == nil, k == nil else {
        throw KeyError(
          .privateKey, "Key \(index) of the set is private; a node needs public keys only.")
      }
      guard let algorithm else { return nil }
      if kty == "RSA" { try requireStrength(at: index) }
      let identifier = JWKIdentifier(string: kid ?? "only")
      let jwk: JWK
      switch kty {
      case "RSA": jwk = .rsa(algorithm, identifier: identifier, modulus: n, exponent: e)
      case "EC": jwk = .ecdsa(algorithm, identifier: identifier, x: x, y: y, curve: .p256)
      default:
        jwk = .octetKeyPair(algorithm, identifier: identifier, x: x, y: nil, curve: .ed25519)
      }
      do {
        let collection = try await JWTKeyCollection().add(jwk: jwk)
        let usable = try await collection.getKey(for: identifier, alg: algorithm.rawValue)
        return KeyTable.Key(name: algorithm.rawValue, algorithm: usable)
      } catch {
        throw KeyError(.malformed, "Key \(index) of the set is not a valid \(kty) key.")
      }
    }

    private func requireStrength(at index: Int) throws(KeyError) {
      guard let modulus = n.flatMap({ Base64URL.decode(Array($0.utf8)) }) else {
        throw KeyError(.malformed, "Key \(index) of the set is not a valid RSA key.")
      }
      let significant = modulus.drop { $0 == 0 }
      let bits = significant.count * 8 - (significant.first?.leadingZeroBitCount ?? 0)
      guard 2048...8192 ~= bits else {
        throw KeyError(
          .weakKey, "Key \(index) of the set has \(bits) bits; RSA keys have 2048 to 8192.")
      }
    }
  }
}
