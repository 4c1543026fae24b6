/// Who sent a request, as a verified token says.
public struct Caller: Sendable, Equatable {
  /// The subject of the token: 1...200 bytes without control characters. It goes into the issue log.
  public let subject: String
  public let scopes: Set<Scope>

  public init(subject: String, scopes: Set<Scope>) {
    self.subject = subject
    self.scopes = scopes
  }

  /// Whether the caller has `scope`, directly or by one that includes it.
  public func has(_ scope: Scope) -> Bool { scopes.permits(scope) }
}

/// The rule for the subject of a token.
enum Subject {
  static let byteLimit = 200

  /// Whether `text` can stand in the issue log, in a log line and in a table of a terminal.
  static func isValid(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= byteLimit else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
      // Direction marks and the like could make one subject look like another.
      case .format: false
      default: true
      }
    }
  }
}
