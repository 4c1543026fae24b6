/// What a caller may do. The set is closed; raw values are those of the token (design section 8).
public enum Scope: String, Sendable, Hashable, CaseIterable, Comparable {
  /// Draw numbers.
  case allocateSerials = "serials:allocate"
  /// Look up serials and records.
  case readRecords = "records:read"
  /// Create and change records.
  case writeRecords = "records:write"
  /// See counters, nodes and leases.
  case readCluster = "cluster:read"
  /// Administer the cluster. It includes `cluster:read`, and nothing else: an administrator's token
  /// that is to draw numbers says so.
  case administerCluster = "cluster:admin"

  public static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
}

extension Set<Scope> {
  /// Whether a holder of these scopes has what `scope` asks for; `cluster:admin` includes
  /// `cluster:read`.
  public func permits(_ scope: Scope) -> Bool {
    contains(scope) || (scope == .readCluster && contains(.administerCluster))
  }

  /// The scopes as a token carries them: sorted, separated by one space (RFC 8693 section 4.2).
  public var claim: String { sorted().map(\.rawValue).joined(separator: " ") }

  /// Reads a claim of words that are separated by spaces. Words that are not scopes of this service
  /// are left out: the same token may be for other services too.
  public init(claim: String) {
    self = Set(claim.split(separator: " ").compactMap { Scope(rawValue: String($0)) })
  }
}
