import Crypto
public import FoundationEssentials

/// Bearer tokens for a cluster of this machine: JSON Web Tokens signed by HS256.
public enum LocalToken {
  /// Every scope there is.
  public static let allScopes = [
    "serials:allocate", "records:read", "records:write", "cluster:read", "cluster:admin",
  ]

  private struct Header: Encodable {
    let alg = "HS256"
    let typ = "JWT"
  }

  private struct Claims: Encodable {
    let sub: String
    let aud: String
    let scope: String
    let iat: Int
    let exp: Int
  }

  /// A token with all scopes.
  ///
  /// - Parameters:
  ///   - secret: the secret's text, as it stands in its file; its bytes are the key.
  ///   - days: how long it holds.
  public static func mint(
    secret: String, subject: String = "local-admin", audience: String = "seriald",
    scopes: [String] = allScopes, days: Int = 30, now: Date = Date()
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let issued = Int(now.timeIntervalSince1970)
    let claims = Claims(
      sub: subject, aud: audience, scope: scopes.joined(separator: " "), iat: issued,
      exp: issued + days * 86_400)
    let header = base64URL(try encoder.encode(Header()))
    let content = "\(header).\(base64URL(try encoder.encode(claims)))"
    let signature = HMAC<SHA256>.authenticationCode(
      for: Data(content.utf8), using: SymmetricKey(data: Data(secret.utf8)))
    return "\(content).\(base64URL(Data(signature)))"
  }

  private static func base64URL(_ data: Data) -> String {
    String(
      data.base64EncodedString().compactMap { character -> Character? in
        switch character {
        case "+": "-"
        case "/": "_"
        case "=": nil
        case let other: other
        }
      })
  }
}
