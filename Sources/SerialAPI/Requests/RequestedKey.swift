import Crypto
import Foundation
import HTTPTypes
import LeaseCore

/// The idempotency key that came in a header.
enum RequestedKey {
  static let name = HTTPField.Name("Idempotency-Key")
  /// In the answer, when an earlier request with the key made what it shows.
  static let replayName = HTTPField.Name("Idempotent-Replay")

  /// Nil where the request has none. `digest` is of everything that the answer follows from.
  static func read(
    _ call: Call, digest: @autoclosure () throws -> String
  ) throws -> IdempotencyKey? {
    guard let name else { return nil }
    let values = call.headers[values: name]
    guard let value = values.first else { return nil }
    guard values.count == 1 else {
      throw Problem.invalid(
        "The header Idempotency-Key comes \(values.count) times; send it once.")
    }
    // Bytes that are not UTF-8 were all replaced by this one scalar: keys that are not the same
    // would become so.
    guard !value.unicodeScalars.contains("\u{FFFD}") else {
      throw Problem.invalid("The header Idempotency-Key is not UTF-8.")
    }
    let template = "\(call.route.method.rawValue) \(call.route.template)"
    guard
      let key = IdempotencyKey(route: template, key: value, requestHash: try digest())
    else {
      throw Problem.invalid(
        "The header Idempotency-Key has \(value.utf8.count) bytes: expected 1 to "
          + "\(IdempotencyKey.maximumBytes) without control characters.")
    }
    return key
  }

  /// A digest of a request in one form, which is what two requests that are the same have in common.
  static func digest(_ request: some Encodable) throws -> String {
    let hash = SHA256.hash(data: try ResponseJSON.encode(request))
    return "sha256:"
      + hash.map { byte in
        String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
      }.joined()
  }
}
