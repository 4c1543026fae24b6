/// How far an execution or a branch is. The words are those of the database (`execution_status`).
///
/// It only goes forward: from `scheduled` to any other, from `running` to one that is final. A
/// final one never changes (requirements, part B, "Immutable execution records").
public enum RecordStatus: String, Sendable, Equatable, CaseIterable {
  case scheduled
  case running
  case completed
  case failed
  case cancelled

  /// Nothing of the record changes any more.
  public var isFinal: Bool {
    switch self {
    case .scheduled, .running: false
    case .completed, .failed, .cancelled: true
    }
  }

  /// Whether a record may go from this status to `next`; to stay is allowed while it is not final.
  public func mayBecome(_ next: RecordStatus) -> Bool {
    switch self {
    case .scheduled: true
    case .running: next != .scheduled
    case .completed, .failed, .cancelled: false
    }
  }

  /// What an execution is when its branches are these; nil when it has none.
  ///
  /// All scheduled: `scheduled`. Some not final: `running`. All final: `failed` when one failed,
  /// else `cancelled` when one was cancelled, else `completed`.
  public static func following(_ branches: some Sequence<RecordStatus>) -> RecordStatus? {
    let found = Set(branches)
    if found.isEmpty { return nil }
    if found == [.scheduled] { return .scheduled }
    if !found.allSatisfy(\.isFinal) { return .running }
    if found.contains(.failed) { return .failed }
    return found.contains(.cancelled) ? .cancelled : .completed
  }
}

/// What a job does (`job_type`).
public enum JobType: String, Sendable, Equatable, CaseIterable {
  case command
  case script
  case fileTransfer = "file_transfer"
  case composite
}

/// How far a job is (`job_status`).
public enum JobStatus: String, Sendable, Equatable, CaseIterable {
  case draft
  case scheduled
  case running
  case completed
  case failed
  case cancelled
}
