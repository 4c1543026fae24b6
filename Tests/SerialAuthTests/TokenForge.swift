import Crypto
import Foundation
import JWTKit

@testable import SerialAuth

/// Writes tokens part by part, so that any part can be wrong.
enum TokenForge {
  static let secretText = "a secret of tests, long enough: 0123456789"
  static let audience = "seriald"
  static let now = Date(timeIntervalSince1970: 1_780_000_000)

  static func header(_ algorithm: String, kid: String? = nil, extra: String = "") -> String {
    let kidPart = kid.map { ",\"kid\":\"\($0)\"" } ?? ""
    return "{\"alg\":\"\(algorithm)\"\(kidPart)\(extra)}"
  }

  /// Claims that are good in every way, but for those named in `changes`; nil removes one.
  static func claims(_ changes: [String: (any Sendable)?] = [:]) -> String {
    var claims: [String: any Sendable] = [
      "sub": "tests", "exp": now.timeIntervalSince1970 + 60, "iat": now.timeIntervalSince1970,
      "aud": audience, "scope": "serials:allocate records:read",
    ]
    for (name, value) in changes { claims[name] = value }
    let data = try? JSONSerialization.data(withJSONObject: claims, options: [.sortedKeys])
    return String(decoding: data ?? Data(), as: UTF8.self)
  }

  static func signed(
    _ header: String, _ claims: String, by sign: ([UInt8]) throws -> [UInt8]
  ) rethrows -> String {
    let head = Base64URL.encode(header.utf8) + "." + Base64URL.encode(claims.utf8)
    return head + "." + Base64URL.encode(try sign(Array(head.utf8)))
  }

  static func hs256(
    _ claims: String = claims(), header: String = header("HS256"), secret: [UInt8]? = nil
  ) -> String {
    signed(header, claims) { bytes in
      let key = SymmetricKey(data: secret ?? Array(secretText.utf8))
      return Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
    }
  }
}

/// A folder that goes away with the test.
final class TestFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "serial-auth-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file in one step and gives its path.
  func write(_ text: String, as name: String) throws -> String {
    let file = path + "/" + name
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }
}
