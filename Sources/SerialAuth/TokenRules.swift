import Foundation

/// What a token must say beside carrying a good signature.
public struct TokenRules: Sendable, Equatable {
  /// A name that the token's `aud` must contain.
  public var audience: String
  /// What `iss` must be; nil accepts any.
  public var issuer: String?
  /// How far the clocks of issuer and node may lie apart, in seconds; 0...60.
  public var leewaySeconds: Int

  public init(audience: String, issuer: String? = nil, leewaySeconds: Int = 5) {
    self.audience = audience
    self.issuer = issuer
    self.leewaySeconds = min(max(leewaySeconds, 0), 60)
  }

  /// Judges claims whose signature was verified.
  func judge(_ claims: TokenClaims, at now: Date) throws(TokenError) -> Caller {
    let seconds = now.timeIntervalSince1970
    let leeway = Double(leewaySeconds)
    guard claims.expiry.isFinite, Subject.isValid(claims.subject), !claims.audience.isEmpty else {
      throw TokenError(.badClaims)
    }
    guard claims.audience.contains(audience) else { throw TokenError(.wrongAudience) }
    if let issuer, claims.issuer != issuer { throw TokenError(.wrongIssuer) }
    guard seconds < claims.expiry + leeway else { throw TokenError(.expired) }
    for start in [claims.notBefore, claims.issuedAt].compactMap(\.self) {
      guard seconds >= start - leeway else { throw TokenError(.notYetValid) }
    }
    return Caller(subject: claims.subject, scopes: claims.scopes)
  }
}
