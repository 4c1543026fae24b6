import Foundation
import JWTKit

/// The claims of an access token that this service reads (RFC 7519, RFC 9068).
struct TokenClaims: Codable, Sendable, JWTPayload {
  var subject: String
  var expiry: Double
  var issuedAt: Double?
  var notBefore: Double?
  var audience: [String]
  var issuer: String?
  var scopes: Set<Scope>
  /// A random name, so that two tokens made in one second differ.
  var identifier: String?

  private enum CodingKeys: String, CodingKey {
    case subject = "sub"
    case expiry = "exp"
    case issuedAt = "iat"
    case notBefore = "nbf"
    case audience = "aud"
    case issuer = "iss"
    case scope
    case scopeList = "scp"
    case identifier = "jti"
  }

  init(subject: String, expiry: Date, issuedAt: Date, audience: String, scopes: Set<Scope>) {
    self.subject = subject
    self.expiry = expiry.timeIntervalSince1970.rounded(.down)
    self.issuedAt = issuedAt.timeIntervalSince1970.rounded(.down)
    self.audience = [audience]
    self.scopes = scopes
    self.identifier = UUID().uuidString.lowercased()
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    subject = try container.decode(String.self, forKey: .subject)
    expiry = try container.decode(Double.self, forKey: .expiry)
    issuedAt = try container.decodeIfPresent(Double.self, forKey: .issuedAt)
    notBefore = try container.decodeIfPresent(Double.self, forKey: .notBefore)
    issuer = try container.decodeIfPresent(String.self, forKey: .issuer)
    identifier = nil
    audience = try Self.oneOrMany(container, .audience) ?? []
    // `scope` is the standard's name. Where it is missing, `scp` is read, a list or one text, as
    // some providers write it. Both at once: the standard's name counts.
    if let scope = try container.decodeIfPresent(String.self, forKey: .scope) {
      scopes = Set(claim: scope)
    } else {
      let words = try Self.oneOrMany(container, .scopeList) ?? []
      scopes = Set(claim: words.joined(separator: " "))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(subject, forKey: .subject)
    try container.encode(Int64(expiry), forKey: .expiry)
    try container.encodeIfPresent(issuedAt.map { Int64($0) }, forKey: .issuedAt)
    try container.encodeIfPresent(notBefore.map { Int64($0) }, forKey: .notBefore)
    try container.encode(audience.count == 1 ? audience[0] : nil, forKey: .audience)
    try container.encodeIfPresent(issuer, forKey: .issuer)
    try container.encode(scopes.claim, forKey: .scope)
    try container.encodeIfPresent(identifier, forKey: .identifier)
  }

  /// Claims are judged by `TokenVerifier`, which knows audience and leeway.
  func verify(using algorithm: some JWTAlgorithm) throws {}

  private static func oneOrMany(
    _ container: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys
  ) throws -> [String]? {
    guard container.contains(key) else { return nil }
    if let one = try? container.decode(String.self, forKey: key) { return [one] }
    return try container.decode([String].self, forKey: key)
  }
}
