public import Allocator
import Coordinator
public import Foundation
public import LibPQ
public import Records
public import SerialFormat

/// Writes executions and results by the SQL functions of the schema `serial`, called as the node's role.
public struct PostgresRecordWriting: RecordWriting {
  let pool: ConnectionPool
  /// How long a call may take, in milliseconds.
  let callMilliseconds: Int

  public init(pool: ConnectionPool, callMilliseconds: Int) {
    self.pool = pool
    self.callMilliseconds = callMilliseconds
  }

  public func createExecution(_ draft: ExecutionDraft)
    async throws(CoordinatorError) -> CreateOutcome
  {
    var parameters = draft.job.parameters + draft.targets.parameters
    parameters += [try .moment(draft.scheduledAt), .text(draft.subject)]
    parameters += [
      .optional(draft.key?.route), .optional(draft.key?.key), .optional(draft.key?.requestHash),
    ]
    let result = try await write(RegistrySQL.createExecution, parameters)
    return try migrated(
      try answer {
        let row = try result.singleRow()
        switch try row.decode("outcome", as: String.self) {
        case "created": return .created(try row.execution(), isReplay: false)
        case "replayed": return .created(try row.execution(), isReplay: true)
        case "unknown-job": return .unknownJob
        case "unknown-target": return .unknownTarget(try row.decode("target"))
        case "job-full":
          return .jobIsFull(try JobSerial(parsing: try row.decode("job_serial", as: String.self)))
        case "execution-full": return .executionIsFull(try row.execution())
        case "key-reused": return .keyReused
        case "not-migrated": return nil
        case let outcome: throw Contradiction("outcome is \(outcome)")
        }
      })
  }

  public func changeBranch(_ serial: BranchSerial, _ change: BranchChange)
    async throws(CoordinatorError) -> ChangeOutcome
  {
    let result = try await write(
      RegistrySQL.changeBranch,
      [
        .text(serial.description), .optional(change.status?.rawValue),
        try .moment(change.startedAt), try .moment(change.completedAt), .optional(change.output),
        .optional(change.error), change.exitCode.map { .int($0) } ?? .null,
      ])
    return try migrated(
      try answer { try result.singleRow().changeOutcome(asked: change.status) })
  }

  public func changeExecution(_ serial: ExecutionSerial, _ change: ExecutionChange)
    async throws(CoordinatorError) -> ChangeOutcome
  {
    let result = try await write(
      RegistrySQL.changeExecution,
      [
        .text(serial.description), .optional(change.status?.rawValue),
        try .moment(change.startedAt), try .moment(change.completedAt),
      ])
    return try migrated(
      try answer {
        let row = try result.singleRow()
        if try row.decode("outcome", as: String.self) == "unfinished-branches" {
          return .unfinishedBranches(try row.decode("unfinished"))
        }
        return try row.changeOutcome(asked: change.status)
      })
  }

  public func purgeOutputs(finishedBefore: Date, limit: Int, by subject: String)
    async throws(CoordinatorError) -> Int
  {
    let result = try await write(
      RegistrySQL.purgeOutputs, [try .moment(finishedBefore), .int(limit), .text(subject)])
    let purged = try answer { try result.singleRow().decode("purged", as: Int.self) }
    return try migrated(purged < 0 ? nil : purged)
  }

  private func write(_ statement: Statement, _ parameters: [Parameter])
    async throws(CoordinatorError) -> StatementResult
  { try await pool.callDurably(statement, parameters, milliseconds: callMilliseconds) }

  /// Nil is the answer of an installation whose tables carry no serials yet.
  private func migrated<Outcome>(_ outcome: Outcome?) throws(CoordinatorError) -> Outcome {
    guard let outcome else {
      throw CoordinatorError(
        .rejected, detail: "the registry is not migrated: run serialctl migrate-legacy")
    }
    return outcome
  }
}

extension JobName {
  /// Serial and id, one of them null.
  fileprivate var parameters: [Parameter] {
    switch self {
    case .serial(let serial): [.text(serial.description), .null]
    case .id(let id): [.null, .int(id)]
    }
  }
}

extension TargetList {
  /// Serials and ids, one of them null.
  fileprivate var parameters: [Parameter] {
    switch self {
    case .serials(let serials): [.textArray(serials.map(\.description)), .null]
    case .ids(let ids): [.null, .intArray(ids)]
    }
  }
}

extension Parameter {
  fileprivate static func optional(_ text: String?) -> Parameter { text.map { .text($0) } ?? .null }

  /// A point in time in microseconds since 1970, which PostgreSQL keeps exactly.
  fileprivate static func moment(_ date: Date?) throws(CoordinatorError) -> Parameter {
    guard let date else { return .null }
    let microseconds = (date.timeIntervalSince1970 * 1_000_000).rounded()
    guard let exact = Int(exactly: microseconds) else {
      throw CoordinatorError(.rejected, detail: "\(microseconds) microseconds are no time")
    }
    return .int(exact)
  }
}

extension Row {
  fileprivate func execution() throws -> ExecutionSerial {
    try ExecutionSerial(parsing: try decode("execution_serial", as: String.self))
  }

  /// Of a branch or an execution; nil when the installation is not migrated.
  fileprivate func changeOutcome(asked: RecordStatus?) throws -> ChangeOutcome? {
    switch try decode("outcome", as: String.self) {
    case "done": return .done
    case "unknown": return .unknown
    case "immutable": return .immutable(try outcome("status_was", as: RecordStatus.self))
    case "invalid-transition":
      guard let asked else { throw Contradiction("a transition that nobody asked for is invalid") }
      return .invalidTransition(from: try outcome("status_was", as: RecordStatus.self), to: asked)
    case "invalid-times": return .invalidTimes(try decode("detail"))
    case "not-migrated": return nil
    case let outcome: throw Contradiction("outcome is \(outcome)")
    }
  }
}
