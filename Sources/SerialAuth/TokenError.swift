/// Why a token was refused. A closed set of codes; nothing of the token is in it.
public struct TokenError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// Longer than 8 KiB.
    case tooLarge = "too-large"
    /// Not three parts of base64url, or not the JSON that they should be.
    case malformed
    /// The algorithm is not one this node takes, or not the one of the key that is named.
    case unsupportedAlgorithm = "unsupported-algorithm"
    /// The header asks for something that this node does not know (`crit`, another `typ`).
    case unsupportedHeader = "unsupported-header"
    /// No key of that identifier, or none was named where there are several.
    case unknownKey = "unknown-key"
    case badSignature = "bad-signature"
    /// `exp` has passed.
    case expired
    /// `nbf` or `iat` lies in the future.
    case notYetValid = "not-yet-valid"
    case wrongAudience = "wrong-audience"
    case wrongIssuer = "wrong-issuer"
    /// A claim is missing or not what it should be: `sub`, `exp`, `aud`, `scope`.
    case badClaims = "bad-claims"
  }

  public let code: Code

  public init(_ code: Code) { self.code = code }

  /// One sentence for the caller. It holds nothing that came with the token.
  public var description: String {
    switch code {
    case .tooLarge: "The token is longer than \(TokenVerifier.byteLimit) bytes."
    case .malformed: "The token is not a JSON Web Token."
    case .unsupportedAlgorithm: "The token's algorithm is not accepted."
    case .unsupportedHeader: "The token's header asks for something that is not supported."
    case .unknownKey: "The token names no key that is known here."
    case .badSignature: "The token's signature does not match."
    case .expired: "The token has expired."
    case .notYetValid: "The token is not valid yet."
    case .wrongAudience: "The token is for another audience."
    case .wrongIssuer: "The token is from another issuer."
    case .badClaims: "A claim of the token is missing or malformed (sub, exp, aud, scope)."
    }
  }
}

/// Why keys or a secret cannot be used. It is thrown at start; the message names no key material.
public struct KeyError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// Shorter than 32 bytes.
    case secretTooShort = "secret-too-short"
    /// The file of keys cannot be read.
    case unreadable
    /// The file is not a JSON Web Key Set.
    case malformed
    /// An RSA key is shorter than 2048 bits or longer than 8192.
    case weakKey = "weak-key"
    /// The file holds a private or a symmetric key, which does not belong on a node.
    case privateKey = "private-key"
    /// Two keys have the same identifier, or one of several has none.
    case ambiguousKey = "ambiguous-key"
    /// No key in the file can be used.
    case noUsableKey = "no-usable-key"
  }

  public let code: Code
  /// What a person needs to know, in one sentence.
  public let detail: String

  init(_ code: Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}
