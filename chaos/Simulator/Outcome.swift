/// What must never happen, and did.
public struct Violation: Sendable, Equatable, CustomStringConvertible {
  /// Which promise was broken.
  public enum Kind: String, Sendable, CaseIterable {
    /// A number reached two callers.
    case handedOutTwice = "handed-out-twice"
    /// A number was handed out and is not issued.
    case notIssued = "not-issued"
    /// A number is in no place of the ledger, or in two; or its parts contradict each other.
    case unbalanced
    /// The coordinator refused for good what a node sent.
    case refused
    /// The coordinator contradicted what it had acknowledged.
    case incident
    /// Without faults, some number could not be issued.
    case leftBehind = "left-behind"
    /// More numbers are in nobody's hands than crashes had at stake.
    case lost
    /// A key gave other numbers than before, or was forgotten.
    case key
    /// A record is missing, has another number, or has one that is not issued.
    case record
    /// The issue log does not say whose a number is, though its process lived on.
    case unlogged
  }

  public let kind: Kind
  public let text: String
  /// Which step of the schedule showed it, from 0 on; nil after the last one.
  public let step: Int?

  public var description: String {
    "\(kind.rawValue): \(text) (\(step.map { "at step \($0)" } ?? "after the last step"))"
  }
}

/// How a simulation ended.
public struct Outcome: Sendable, Equatable {
  /// Nil when every promise was kept.
  public let violation: Violation?
  /// The same for the same schedule, always and everywhere.
  public let traceHash: UInt64
  /// Empty unless it was asked for.
  public let trace: [String]
  /// Numbers that reached a caller.
  public let handedOut: Int
  /// Records that were acknowledged.
  public let records: Int
  /// What the nodes noted, and how often: faults that never happen prove nothing.
  public let notes: [String: Int]
}
