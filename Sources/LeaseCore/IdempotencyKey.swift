/// The name that a caller gives to a request, so that it can be repeated: the same key of the same
/// subject on the same route gives the same numbers from any node, for 24 hours (design section 4).
public struct IdempotencyKey: Hashable, Sendable {
  /// The longest key, in bytes of UTF-8.
  public static let maximumBytes = 200

  /// Method and path template of the route.
  public let route: String
  /// 1...200 bytes without control characters.
  public let key: String
  /// A digest of everything in the request that its answer follows from. A key that comes with
  /// another digest is an error.
  public let requestHash: String

  /// Nil for a key that is empty, too long, or has control characters.
  public init?(route: String, key: String, requestHash: String) {
    guard (1...Self.maximumBytes).contains(key.utf8.count),
      !key.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { return nil }
    self.route = route
    self.key = key
    self.requestHash = requestHash
  }
}

/// A key and whose it is.
public struct KeyOwner: Hashable, Sendable {
  public let subject: String
  public let key: IdempotencyKey

  public init(subject: String, key: IdempotencyKey) {
    self.subject = subject
    self.key = key
  }
}

/// A key that a request takes when it is committed.
public struct KeyClaim: Hashable, Sendable {
  public let request: RequestID
  public let owner: KeyOwner

  public init(request: RequestID, owner: KeyOwner) {
    self.request = request
    self.owner = owner
  }
}

/// What the coordinator knows of a key.
public enum KeyAnswer: Sendable, Equatable {
  /// Nobody has used it, or it is older than 24 hours.
  case unused
  /// A request took it, and got these numbers.
  case used(Counter, [Block])
  /// A request with another digest took it.
  case reused
}
