import Allocator
import Records
import SerialFormat
import Synchronization

/// A registry that holds what a test puts into it, and remembers what it was asked.
final class FakeRecords: RecordReading {
  struct Contents: Sendable {
    var aliases: [String: Serial] = [:]
    var jobs: [JobRecord] = []
    var targets: [TargetRecord] = []
    var executions: [ExecutionRecord] = []
    var branches: [BranchRecord] = []
    /// What every list ends with.
    var next: RecordCursor?
    var hits: [SearchHit] = []
    var performance: TargetPerformance?
    var results: TargetResults?
    var analytics = ExecutionAnalytics(totals: .none, series: [])
    var metrics: JobMetrics?
    var comparisons: [JobComparison] = []
  }

  enum Question: Sendable, Equatable {
    case alias(String)
    case aliases(Set<String>)
    case jobs(JobQuery)
    case targets(TargetQuery)
    case executions(JobSerial, ChildQuery)
    case branches(ExecutionSerial, ChildQuery)
    case search(SearchQuery)
    case performance(TargetSerial, Int)
    case results(TargetSerial, Int, Int)
    case analytics(Period, GroupStep)
    case metrics(JobSerial, Period)
    case compare([JobSerial], Period)
  }

  private struct State {
    var contents = Contents()
    var failure: CoordinatorError.Code?
    var hangs = false
    var questions: [Question] = []
    var readings = 0
  }

  private let state = Mutex(State())
  private let forever = Gate()

  deinit { forever.open() }

  func put(_ change: (inout Contents) -> Void) { state.withLock { change(&$0.contents) } }
  func fail(_ code: CoordinatorError.Code?) { state.withLock { $0.failure = code } }
  func hang() { state.withLock { $0.hangs = true } }
  var questions: [Question] { state.withLock { $0.questions } }
  /// How often anything was read.
  var readings: Int { state.withLock { $0.readings } }

  private func read<Value>(
    _ question: Question? = nil, _ value: (Contents) -> Value
  ) async throws(CoordinatorError) -> Value {
    let (contents, failure, hangs) = state.withLock { state in
      state.readings += 1
      if let question { state.questions.append(question) }
      return (state.contents, state.failure, state.hangs)
    }
    // Deaf to cancellation, as a library in C would be.
    if hangs { await forever.passed() }
    if let failure { throw CoordinatorError(failure, detail: "secret host name") }
    return value(contents)
  }

  func alias(_ text: String) async throws(CoordinatorError) -> Serial? {
    try await read(.alias(text)) { $0.aliases[text] }
  }

  func aliases(_ texts: [String]) async throws(CoordinatorError) -> [String: Serial] {
    try await read(.aliases(Set(texts))) { contents in
      contents.aliases.filter { texts.contains($0.key) }
    }
  }

  func job(_ name: JobName) async throws(CoordinatorError) -> JobRecord? {
    try await read { contents in
      contents.jobs.first { name == .serial($0.serial) || name == .id($0.id) }
    }
  }

  func target(_ name: TargetName) async throws(CoordinatorError) -> TargetRecord? {
    try await read { contents in
      contents.targets.first { name == .serial($0.serial) || name == .id($0.id) }
    }
  }

  func execution(_ serial: ExecutionSerial) async throws(CoordinatorError) -> ExecutionRecord? {
    try await read { contents in contents.executions.first { $0.serial == serial } }
  }

  func branch(_ serial: BranchSerial) async throws(CoordinatorError) -> BranchDetail? {
    try await read { contents in
      guard let branch = contents.branches.first(where: { $0.serial == serial }),
        let execution = contents.executions.first(where: { $0.serial == serial.execution })
      else { return nil }
      return BranchDetail(branch: branch, job: execution.job)
    }
  }

  func jobs(_ serials: [JobSerial]) async throws(CoordinatorError) -> [JobRecord] {
    try await read { contents in
      serials.compactMap { serial in contents.jobs.first { $0.serial == serial } }
    }
  }

  func targets(_ serials: [TargetSerial]) async throws(CoordinatorError) -> [TargetRecord] {
    try await read { contents in
      serials.compactMap { serial in contents.targets.first { $0.serial == serial } }
    }
  }

  func executions(_ serials: [ExecutionSerial]) async throws(CoordinatorError)
    -> [ExecutionRecord]
  {
    try await read { contents in
      serials.compactMap { serial in contents.executions.first { $0.serial == serial } }
    }
  }

  func branches(_ serials: [BranchSerial]) async throws(CoordinatorError) -> [BranchRecord] {
    try await read { contents in
      serials.compactMap { serial in contents.branches.first { $0.serial == serial } }
    }
  }

  func jobs(_ query: JobQuery) async throws(CoordinatorError) -> Page<JobRecord> {
    try await read(.jobs(query)) { Page(elements: $0.jobs, next: $0.next) }
  }

  func targets(_ query: TargetQuery) async throws(CoordinatorError) -> Page<TargetRecord> {
    try await read(.targets(query)) { Page(elements: $0.targets, next: $0.next) }
  }

  func executions(of job: JobSerial, _ query: ChildQuery)
    async throws(CoordinatorError) -> Page<ExecutionRecord>
  {
    try await read(.executions(job, query)) { contents in
      Page(elements: contents.executions.filter { $0.serial.job == job }, next: contents.next)
    }
  }

  func branches(of execution: ExecutionSerial, _ query: ChildQuery)
    async throws(CoordinatorError) -> Page<BranchRecord>
  {
    try await read(.branches(execution, query)) { contents in
      Page(
        elements: contents.branches.filter { $0.serial.execution == execution },
        next: contents.next)
    }
  }

  func search(_ query: SearchQuery) async throws(CoordinatorError) -> Page<SearchHit> {
    try await read(.search(query)) { Page(elements: $0.hits, next: $0.next) }
  }

  func performance(of target: TargetSerial, days: Int)
    async throws(CoordinatorError) -> TargetPerformance?
  {
    try await read(.performance(target, days)) { contents in
      contents.performance.flatMap { $0.target.serial == target ? $0 : nil }
    }
  }

  func results(of target: TargetSerial, limit: Int, offset: Int)
    async throws(CoordinatorError) -> TargetResults?
  {
    try await read(.results(target, limit, offset)) { $0.results }
  }

  func executionAnalytics(_ period: Period, by step: GroupStep)
    async throws(CoordinatorError) -> ExecutionAnalytics
  {
    try await read(.analytics(period, step)) { $0.analytics }
  }

  func metrics(of job: JobSerial, _ period: Period) async throws(CoordinatorError) -> JobMetrics? {
    try await read(.metrics(job, period)) { contents in
      contents.metrics.flatMap { $0.job.serial == job ? $0 : nil }
    }
  }

  func compare(_ jobs: [JobSerial], _ period: Period)
    async throws(CoordinatorError) -> [JobComparison]
  {
    try await read(.compare(jobs, period)) { $0.comparisons }
  }
}

extension Totals {
  static let none = Totals(
    total: 0, successful: 0, failed: 0, cancelled: 0, unfinished: 0, averageSeconds: nil)
}
