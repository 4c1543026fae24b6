import Allocator
import Foundation
public import LeaseCore
import SerialFormat

/// Records that commits insert: what the tables of the registry are in PostgreSQL.
extension MemoryLedger {
  /// Identifiers of the users that a job may be created by; 1 is the service's own.
  static let users: Set<Int> = [1]
  private static let jobTypes: Set<String> = ["command", "script", "file_transfer", "composite"]
  private static let jobColumns: Set<String> = [
    "name", "description", "job_type", "status", "created_by", "scheduled_at",
  ]
  private static let targetColumns: Set<String> = [
    "name", "target_type", "description", "os_type", "environment", "location", "data_center",
    "region", "is_active", "status", "health_status",
  ]

  // MARK: - What only a ledger in memory can be told

  /// A row that an application inserts with the serial of a number.
  public func insertRecord(_ row: String, number: Int, of counter: Counter) {
    recordRows[counter, default: [:]][number] = row
  }

  public func setRegistryReady(_ isReady: Bool) { isRegistryReady = isReady }

  /// The rows of a counter's records, by number.
  public func records(of counter: Counter) -> [Int: String] { recordRows[counter] ?? [:] }

  // MARK: - A commit

  /// Numbers of again lines, and of requests with records, that a record carries already.
  func carriedNumbers(in plan: CommitPlan) -> [RecordedNumber] {
    guard isRegistryReady else { return [] }
    let requests = Set(plan.records.map(\.request))
    return plan.lines.filter { $0.again || requests.contains($0.request) }.flatMap { line in
      line.block.numbers.filter { carries($0, of: line) }.map {
        RecordedNumber(lease: line.lease, number: $0)
      }
    }
  }

  private func carries(_ number: Int, of line: CommitPlan.Line) -> Bool {
    guard let counter = leaseRows[line.lease]?.counter else { return false }
    return recordRows[counter]?[number] != nil
  }

  /// Requests whose rows cannot be records, with the first problem of each.
  func refusedRecords(in plan: CommitPlan) throws(CoordinatorError) -> [RefusedRequest] {
    for claim in plan.records where numbers(of: claim, in: plan).count != claim.rows.count {
      throw CoordinatorError(.rejected, detail: "expected a record for each number of its request")
    }
    return plan.records.compactMap { claim in
      guard isRegistryReady else {
        return RefusedRequest(
          request: claim.request, reason: .recordRefused,
          detail: "the registry is not migrated: run serialctl migrate-legacy")
      }
      let problems = claim.rows.map { Self.problem(with: $0, kind: plan.counter.kind) }
      guard let place = problems.firstIndex(where: { $0 != nil }), let problem = problems[place]
      else { return nil }
      return RefusedRequest(
        request: claim.request, reason: .recordRefused,
        detail: claim.rows.count > 1 ? "record \(place + 1): \(problem)" : problem)
    }
  }

  func insertRecords(of plan: CommitPlan) {
    for claim in plan.records {
      for (number, row) in zip(numbers(of: claim, in: plan), claim.rows) {
        recordRows[plan.counter, default: [:]][number] = row
      }
    }
  }

  private func numbers(of claim: RecordClaim, in plan: CommitPlan) -> [Int] {
    plan.lines.filter { $0.request == claim.request }.flatMap(\.block.numbers).sorted()
  }

  private static func problem(with row: String, kind: CounterKind) -> String? {
    let json: Any
    do {
      json = try JSONSerialization.jsonObject(with: Data(row.utf8), options: .fragmentsAllowed)
    } catch {
      return "it is not JSON"
    }
    guard let values = json as? [String: Any] else { return "it is not a JSON object" }
    let columns = kind == .job ? jobColumns : targetColumns
    if let key = values.keys.sorted().first(where: { !columns.contains($0) }) {
      return "\(key) is no column that a record sets"
    }
    for required in kind == .job ? ["name"] : ["name", "os_type"]
    where !(values[required] is String) {
      return "\(required) is missing"
    }
    if let type = values["job_type"] as? String, !jobTypes.contains(type) {
      return "job_type: there is no \(type)"
    }
    if let user = values["created_by"] as? Int, !users.contains(user) {
      return "created_by: there is no user \(user)"
    }
    return nil
  }
}
