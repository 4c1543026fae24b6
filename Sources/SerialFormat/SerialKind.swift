/// The four kinds of serial. Raw values are `"job"`, `"target"`, `"execution"`, `"branch"`.
public enum SerialKind: String, Sendable, Hashable, CaseIterable, Codable {
  /// `J202600001`
  case job
  /// `T202600001`
  case target
  /// `J202600001.0003`, numbered below a job.
  case execution
  /// `J202600001.0003.0015`, numbered below an execution.
  case branch

  /// The length of every serial of this kind, in bytes and in characters alike: 10, 15 or 20.
  public var length: Int {
    switch self {
    case .job, .target: Layout.executionSeparator
    case .execution: Layout.branchSeparator
    case .branch: Layout.end
    }
  }

  /// The counter at the root of a serial of this kind; it decides the prefix.
  public var counterKind: CounterKind {
    switch self {
    case .job, .execution, .branch: .job
    case .target: .target
    }
  }
}
