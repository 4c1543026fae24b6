import Glibc
import SwiftASN1
import X509

/// Certificates and keys as PEM files.
enum Pem {
  static func write(_ certificate: Certificate, to path: String) throws {
    let text = try certificate.serializeAsPEM().pemString + "\n"
    try LocalFile.write(text.utf8, to: path, mode: 0o644)
  }

  static func write(_ key: Certificate.PrivateKey, to path: String) throws {
    let text = try key.serializeAsPEM().pemString + "\n"
    try LocalFile.write(text.utf8, to: path, mode: 0o600)
  }

  static func certificate(at path: String) throws -> Certificate? {
    try decode(path) { try Certificate(pemEncoded: $0) }
  }

  static func key(at path: String) throws -> Certificate.PrivateKey? {
    try decode(path) { try Certificate.PrivateKey(pemEncoded: $0) }
  }

  private static func decode<Value>(_ path: String, _ read: (String) throws -> Value) throws
    -> Value?
  {
    guard let text = try LocalFile.readText(path) else { return nil }
    do {
      return try read(text)
    } catch {
      throw LocalClusterError(
        .damagedFile, "\(path) does not hold what it should: \(error).",
        advice: "Remove it; it is made anew.")
    }
  }
}

/// Addresses in the form that certificates hold.
enum IPAddress {
  /// Four bytes for IPv4, sixteen for IPv6, `nil` for anything else.
  static func bytes(of text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var six = in6_addr()
    if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
    return nil
  }
}
