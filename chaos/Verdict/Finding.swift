/// One thing that must not be.
public struct Finding: Sendable, Equatable, Codable, CustomStringConvertible {
  /// `duplicated`, `out-of-range`, `wrong-year`, `acknowledged-not-in-ledger`, `unbalanced`,
  /// `issued-without-reason`, `key-with-two-answers`, `wrong-count`, `wrong-kind`, `wrong-parent`,
  /// `wrong-recipient`, `disagreement`, `demand`, `no-final-ledger`, `cut-off`, `not-finished`.
  public var kind: String
  public var text: String

  public init(_ kind: String, _ text: String) {
    self.kind = kind
    self.text = text
  }

  public var description: String { "\(kind): \(text)" }
}
