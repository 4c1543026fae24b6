public import Foundation
import JWTKit

/// Makes HS256 tokens, for `serialctl token` and for clusters on one machine.
public struct TokenMinter: Sendable {
  /// How long a token may live, in seconds: a minute to a year.
  public static let lifetimeRange = 60...31_622_400

  private let secret: TokenSecret

  public init(secret: TokenSecret) { self.secret = secret }

  /// A token for `subject` with `scopes`, good for `audience` from now on.
  ///
  /// `lifetimeSeconds` is brought into `lifetimeRange`. Throws a `TokenError` with `bad-claims` for
  /// a subject that is empty, longer than 200 bytes or holds control characters.
  public func mint(
    subject: String, scopes: Set<Scope>, audience: String, lifetimeSeconds: Int, now: Date = Date()
  ) async throws(TokenError) -> String {
    guard Subject.isValid(subject), !audience.isEmpty else { throw TokenError(.badClaims) }
    let range = Self.lifetimeRange
    let lifetime = min(max(lifetimeSeconds, range.lowerBound), range.upperBound)
    let claims = TokenClaims(
      subject: subject, expiry: now.addingTimeInterval(Double(lifetime)), issuedAt: now,
      audience: audience, scopes: scopes)
    let keys = await JWTKeyCollection().add(
      hmac: HMACKey(from: secret.bytes), digestAlgorithm: .sha256)
    guard let token = try? await keys.sign(claims) else { throw TokenError(.badClaims) }
    return token
  }
}
