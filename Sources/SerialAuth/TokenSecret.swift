import Crypto
import Foundation

/// The secret shared by those who make HS256 tokens and those who check them.
///
/// White space around it is not part of it, so that a secret read from a file with a newline at its
/// end is the same secret. It never appears in a description.
public struct TokenSecret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// The least length in bytes: that of the hash (RFC 7518 section 3.2).
  public static let leastBytes = 32
  /// How the secrets begin that `serialctl dev up` makes for a cluster on one machine.
  ///
  /// Such a secret lies readable in the project's folder. A node that listens on anything but
  /// loopback refuses it (design section 8); `isLocalDefault` tells.
  public static let localPrefix = "local-"

  let bytes: [UInt8]

  /// Throws a `KeyError` with `secret-too-short` below 32 bytes.
  public init(_ text: String) throws(KeyError) {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    bytes = Array(trimmed.utf8)
    guard bytes.count >= Self.leastBytes else {
      throw KeyError(
        .secretTooShort,
        "The token secret has \(bytes.count) bytes; at least \(Self.leastBytes) are needed.")
    }
  }

  /// A new secret for a cluster on this machine: the prefix, then 32 random bytes in base64url.
  public static func makeLocal() -> String {
    let random = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
    return localPrefix + Base64URL.encode(random)
  }

  /// Whether this is a secret for one machine only.
  public var isLocalDefault: Bool { bytes.starts(with: Self.localPrefix.utf8) }

  /// Whether `text` is a secret for one machine only, whatever its length.
  public static func isLocalDefault(_ text: String) -> Bool {
    text.trimmingCharacters(in: .whitespacesAndNewlines).hasPrefix(localPrefix)
  }

  /// Compares in a time that depends on the lengths alone.
  public static func == (left: TokenSecret, right: TokenSecret) -> Bool {
    guard left.bytes.count == right.bytes.count else { return false }
    return zip(left.bytes, right.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  public var description: String { "TokenSecret(hidden)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
