import Allocator
import Foundation
import Records
import SerialFormat
import Synchronization

/// Remembers what was to be written, and answers as a test tells it to.
final class FakeWriting: RecordWriting {
  enum Call: Sendable, Equatable {
    case create(ExecutionDraft)
    case branch(BranchSerial, BranchChange)
    case execution(ExecutionSerial, ExecutionChange)
    case purge(Date, limit: Int, by: String)
  }

  private struct State {
    var calls: [Call] = []
    var failure: CoordinatorError.Code?
    var hangs = false
    var created = CreateOutcome.unknownJob
    var changed = ChangeOutcome.done
  }

  private let state = Mutex(State())
  private let forever = Gate()

  deinit { forever.open() }

  var calls: [Call] { state.withLock { $0.calls } }
  func fail(_ code: CoordinatorError.Code?) { state.withLock { $0.failure = code } }
  func hang() { state.withLock { $0.hangs = true } }
  func answer(_ outcome: CreateOutcome) { state.withLock { $0.created = outcome } }
  func answer(_ outcome: ChangeOutcome) { state.withLock { $0.changed = outcome } }

  private func note(_ call: Call) async throws(CoordinatorError) {
    let (failure, hangs) = state.withLock { state in
      state.calls.append(call)
      return (state.failure, state.hangs)
    }
    // Deaf to cancellation, as a library in C would be.
    if hangs { await forever.passed() }
    if let failure { throw CoordinatorError(failure, detail: "secret host name") }
  }

  func createExecution(_ draft: ExecutionDraft) async throws(CoordinatorError) -> CreateOutcome {
    try await note(.create(draft))
    return state.withLock { $0.created }
  }

  func changeBranch(_ serial: BranchSerial, _ change: BranchChange)
    async throws(CoordinatorError) -> ChangeOutcome
  {
    try await note(.branch(serial, change))
    return state.withLock { $0.changed }
  }

  func changeExecution(_ serial: ExecutionSerial, _ change: ExecutionChange)
    async throws(CoordinatorError) -> ChangeOutcome
  {
    try await note(.execution(serial, change))
    return state.withLock { $0.changed }
  }

  func purgeOutputs(finishedBefore: Date, limit: Int, by subject: String)
    async throws(CoordinatorError) -> Int
  {
    try await note(.purge(finishedBefore, limit: limit, by: subject))
    return 17
  }
}
