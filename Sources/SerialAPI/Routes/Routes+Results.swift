import Allocator
import Hummingbird
import Logging
import Records
import SerialFormat

extension Routes {
  /// `PATCH /api/executions/branch/{branch_serial}`.
  func changeBranch(_ call: Call) async throws -> Response {
    let text = try call.path.name("branch_serial", as: .branch)
    let change = try BranchChangeRequest(call.body).change
    let serial = try await resolve(text, as: BranchSerial.self)
    let outcome = try await write { writing throws(CoordinatorError) in
      try await writing.changeBranch(serial, change)
    }
    if let problem = Problem(outcome, .branch(serial), text) { throw problem }
    let branch = try await changed(call) { records throws(CoordinatorError) in
      try await records.branch(serial)
    }
    return try ResponseJSON.response(BranchResponse(branch.branch))
  }

  /// `PATCH /api/executions/{serial}`.
  func changeExecution(_ call: Call) async throws -> Response {
    let text = try call.path.name("serial", as: .execution)
    let change = try ExecutionChangeRequest(call.body).change
    let serial = try await resolve(text, as: ExecutionSerial.self)
    let outcome = try await write { writing throws(CoordinatorError) in
      try await writing.changeExecution(serial, change)
    }
    if let problem = Problem(outcome, .execution(serial), text) { throw problem }
    let execution = try await changed(call) { records throws(CoordinatorError) in
      try await records.execution(serial)
    }
    return try ResponseJSON.response(ExecutionResponse(execution))
  }

  /// `POST /api/outputs/purge`.
  func purgeOutputs(_ call: Call) async throws -> Response {
    let wish = try PurgeRequest(call.body)
    let subject = try call.subject
    let count = try await write { writing throws(CoordinatorError) in
      try await writing.purgeOutputs(
        finishedBefore: wish.before, limit: wish.limit, by: subject)
    }
    return try ResponseJSON.response(PurgedResponse(purged: count))
  }

  /// A change of the registry, within its time. One that is late may still happen; all of them can
  /// be asked for again.
  private func write<Value: Sendable>(
    _ work: @escaping @Sendable (any RecordWriting) async throws(CoordinatorError) -> Value
  ) async throws(Problem) -> Value {
    let writing = dependencies.writing
    return try await ask(withinMilliseconds: limits.operateMilliseconds, for: .change) {
      () async throws(CoordinatorError) in try await work(writing)
    }
  }

  /// The record that was changed, as it is now.
  private func changed<Record: Sendable>(
    _ call: Call,
    _ work: @escaping @Sendable (any RecordReading) async throws(CoordinatorError) -> Record?
  ) async throws(Problem) -> Record {
    let record: Record?
    do throws(Problem) {
      record = try await records(work)
    } catch {
      call.context.logger.warning("what was changed was not read back")
      throw .changedUnread
    }
    guard let record else { throw .changedUnread }
    return record
  }
}
