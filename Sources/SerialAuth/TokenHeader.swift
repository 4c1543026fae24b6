import Foundation

/// The protected header of a token: which algorithm, which key, and what else it asks for.
struct TokenHeader: Decodable {
  let algorithm: String
  let keyID: String?

  private enum CodingKeys: String, CodingKey {
    case algorithm = "alg"
    case keyID = "kid"
    case type = "typ"
    case critical = "crit"
    case unencoded = "b64"
  }

  /// Reads the header's JSON; throws `malformed` or `unsupportedHeader`.
  static func read(_ bytes: [UInt8]) throws(TokenError) -> TokenHeader {
    do {
      return try JSONDecoder().decode(TokenHeader.self, from: Data(bytes))
    } catch let error as TokenError {
      throw error
    } catch {
      throw TokenError(.malformed)
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    algorithm = try container.decode(String.self, forKey: .algorithm)
    keyID = try container.decodeIfPresent(String.self, forKey: .keyID)
    // RFC 7515 section 4.1.11: an extension that is not understood makes the token invalid.
    guard !container.contains(.critical), !container.contains(.unencoded) else {
      throw TokenError(.unsupportedHeader)
    }
    // RFC 8725 section 3.11: a token of another kind is not an access token.
    if let type = try container.decodeIfPresent(String.self, forKey: .type) {
      let accepted = ["jwt", "at+jwt", "application/jwt", "application/at+jwt"]
      guard accepted.contains(type.lowercased()) else { throw TokenError(.unsupportedHeader) }
    }
  }
}
