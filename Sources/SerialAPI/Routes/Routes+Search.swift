import Allocator
import Hummingbird
import Records
import SerialFormat

extension Routes {
  /// `GET /api/executions/search`.
  func searchExecutions(_ call: Call) async throws -> Response {
    let (_, page) = try await search(call, among: [.execution, .branch])
    return try ResponseJSON.response(ExecutionSearchResponse(page))
  }

  /// `GET /api/search`.
  func search(_ call: Call) async throws -> Response {
    let (wish, page) = try await search(call, among: [.job, .execution, .branch, .target])
    return try ResponseJSON.response(SearchResponse(wish, page))
  }

  private func search(
    _ call: Call, among kinds: [SerialKind]
  ) async throws(Problem) -> (RequestedSearch, Page<SearchHit>) {
    let wish = try RequestedSearch(call.query, among: kinds)
    let page = try await scanRecords { records throws(CoordinatorError) in
      try await records.search(wish.query)
    }
    return (wish, page)
  }

  /// `GET /api/executions/bulk`.
  func lookUp(_ call: Call) async throws -> Response {
    try await lookUp(
      try RequestedList.read(call.query, "serials", atMost: RequestedList.limit))
  }

  /// `POST /api/executions/bulk`.
  func lookUpMany(_ call: Call) async throws -> Response {
    try await lookUp(try RequestedList.read(call.body))
  }

  /// Records by serial; what is no serial, or none of a record, may be an old identifier of one.
  private func lookUp(_ texts: [String]) async throws -> Response {
    let serials = texts.reduce(into: [String: Serial]()) { $0[$1] = Serial($1) }
    var found = try await find(serials)
    let missing = texts.filter { found[$0] == nil }
    let others = missing.isEmpty ? [:] : try await aliases(of: missing)
    for text in missing where serials[text] == nil && others[text] == nil {
      throw RequestedSerial.malformed(text, RequestedSerial.kind(byShapeOf: text))
    }
    found.merge(try await find(others)) { first, _ in first }
    return try ResponseJSON.response(LookUpResponse(texts, found))
  }

  /// The records of these serials, under the same texts.
  private func find(_ serials: [String: Serial]) async throws(Problem) -> [String: RecordResponse] {
    guard !serials.isEmpty else { return [:] }
    let wanted = Set(serials.values).sorted()
    let found = try await records {
      records throws(CoordinatorError) -> [Serial: RecordResponse] in
      var found: [Serial: RecordResponse] = [:]
      let jobs = wanted.compactMap(JobSerial.init(of:))
      if !jobs.isEmpty {
        for job in try await records.jobs(jobs) { found[.job(job.serial)] = .job(.init(job)) }
      }
      let targets = wanted.compactMap(TargetSerial.init(of:))
      if !targets.isEmpty {
        for target in try await records.targets(targets) {
          found[.target(target.serial)] = .target(.init(target))
        }
      }
      let executions = wanted.compactMap(ExecutionSerial.init(of:))
      if !executions.isEmpty {
        for execution in try await records.executions(executions) {
          found[.execution(execution.serial)] = .execution(.init(execution))
        }
      }
      let branches = wanted.compactMap(BranchSerial.init(of:))
      if !branches.isEmpty {
        for branch in try await records.branches(branches) {
          found[.branch(branch.serial)] = .branch(.init(branch))
        }
      }
      return found
    }
    return serials.compactMapValues { found[$0] }
  }
}
