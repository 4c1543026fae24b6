import HTTPTypes
import LeaseCore

/// The idempotency key that came in a header.
enum RequestedKey {
  static let name = HTTPField.Name("Idempotency-Key")
  /// In the answer, when an earlier request with the key got its numbers.
  static let replayName = HTTPField.Name("Idempotent-Replay")

  /// Nil where the request has none.
  static func read(
    _ headers: HTTPFields, on route: Route, for wish: AllocateRequest
  ) throws(Problem) -> IdempotencyKey? {
    guard let name else { return nil }
    let values = headers[values: name]
    guard let value = values.first else { return nil }
    guard values.count == 1 else {
      throw .invalid("The header Idempotency-Key comes \(values.count) times; send it once.")
    }
    // Bytes that are not UTF-8 were all replaced by this one scalar: keys that are not the same
    // would become so.
    guard !value.unicodeScalars.contains("\u{FFFD}") else {
      throw .invalid("The header Idempotency-Key is not UTF-8.")
    }
    let template = "\(route.method.rawValue) \(route.template)"
    guard let key = IdempotencyKey(route: template, key: value, requestHash: wish.digest) else {
      throw .invalid(
        "The header Idempotency-Key has \(value.utf8.count) bytes: expected 1 to "
          + "\(IdempotencyKey.maximumBytes) without control characters.")
    }
    return key
  }
}
