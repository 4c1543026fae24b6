public import Allocator
public import SerialFormat

/// Reads the registry. No call is without a bound; each is one snapshot.
public protocol RecordReading: Sendable {
  /// The serial of the record that an old identifier belongs to; nil when nothing has it.
  func alias(_ text: String) async throws(CoordinatorError) -> Serial?
  /// The same of many, 1...10,000 texts: those that are old identifiers.
  func aliases(_ texts: [String]) async throws(CoordinatorError) -> [String: Serial]

  func job(_ name: JobName) async throws(CoordinatorError) -> JobRecord?
  func target(_ name: TargetName) async throws(CoordinatorError) -> TargetRecord?
  func execution(_ serial: ExecutionSerial) async throws(CoordinatorError) -> ExecutionRecord?
  /// With whole outputs.
  func branch(_ serial: BranchSerial) async throws(CoordinatorError) -> BranchDetail?

  /// Those that were found, in the order asked; 1...1,000 serials.
  func jobs(_ serials: [JobSerial]) async throws(CoordinatorError) -> [JobRecord]
  func targets(_ serials: [TargetSerial]) async throws(CoordinatorError) -> [TargetRecord]
  func executions(_ serials: [ExecutionSerial]) async throws(CoordinatorError)
    -> [ExecutionRecord]
  /// With the beginnings of outputs.
  func branches(_ serials: [BranchSerial]) async throws(CoordinatorError) -> [BranchRecord]

  func jobs(_ query: JobQuery) async throws(CoordinatorError) -> Page<JobRecord>
  func targets(_ query: TargetQuery) async throws(CoordinatorError) -> Page<TargetRecord>
  /// Executions of a job by number.
  func executions(of job: JobSerial, _ query: ChildQuery)
    async throws(CoordinatorError) -> Page<ExecutionRecord>
  /// Branches of an execution by number, with the beginnings of outputs.
  func branches(of execution: ExecutionSerial, _ query: ChildQuery)
    async throws(CoordinatorError) -> Page<BranchRecord>

  func search(_ query: SearchQuery) async throws(CoordinatorError) -> Page<SearchHit>

  /// How a target did in the last `days` days, 1...3,650; nil when there is no such target.
  func performance(of target: TargetSerial, days: Int)
    async throws(CoordinatorError) -> TargetPerformance?
  /// Results of a target, the newest first, with the beginnings of outputs.
  func results(of target: TargetSerial, limit: Int, offset: Int)
    async throws(CoordinatorError) -> TargetResults?

  func executionAnalytics(_ period: Period, by step: GroupStep)
    async throws(CoordinatorError) -> ExecutionAnalytics
  /// Nil when there is no such job.
  func metrics(of job: JobSerial, _ period: Period) async throws(CoordinatorError) -> JobMetrics?
  /// In the order asked; those that are not there are left out. 1...100 jobs.
  func compare(_ jobs: [JobSerial], _ period: Period) async throws(CoordinatorError)
    -> [JobComparison]
}

/// A part of a list, and where the next one starts.
public struct Page<Element: Sendable & Equatable>: Sendable, Equatable {
  public let elements: [Element]
  /// What to ask with for the part after this one; nil when this is the last.
  public let next: RecordCursor?

  public init(elements: [Element], next: RecordCursor?) {
    self.elements = elements
    self.next = next
  }
}
