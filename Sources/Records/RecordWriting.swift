public import Allocator
public import Foundation
public import SerialFormat

/// Writes executions and results. Each call is one transaction of the coordinator.
///
/// Jobs and targets are not created here: they get their number and their row in the allocator's
/// commit (`SerialIssuing`).
public protocol RecordWriting: Sendable {
  func createExecution(_ draft: ExecutionDraft) async throws(CoordinatorError) -> CreateOutcome
  /// Changes a branch, and its execution's status with it. Repeated with the same values it
  /// answers `done`.
  func changeBranch(_ serial: BranchSerial, _ change: BranchChange)
    async throws(CoordinatorError) -> ChangeOutcome
  /// Changes an execution. `cancelled` cancels those of its branches that are not final.
  func changeExecution(_ serial: ExecutionSerial, _ change: ExecutionChange)
    async throws(CoordinatorError) -> ChangeOutcome
  /// Removes the outputs of results that were finished before a time, `limit` at most (1...10,000).
  /// Serials and everything else stay. Returns how many results lost their outputs.
  func purgeOutputs(finishedBefore: Date, limit: Int, by subject: String)
    async throws(CoordinatorError) -> Int
}

public enum CreateOutcome: Sendable, Equatable {
  /// `isReplay`: an earlier request with the same idempotency key created it.
  case created(ExecutionSerial, isReplay: Bool)
  case unknownJob
  /// The first of the targets that is not there, as the request named it.
  case unknownTarget(String)
  /// The job has 9,999 executions.
  case jobIsFull(JobSerial)
  /// More than 9,999 targets were asked for.
  case executionIsFull(ExecutionSerial)
  /// The idempotency key was used for another request.
  case keyReused
}

public enum ChangeOutcome: Sendable, Equatable {
  case done
  case unknown
  /// It is final, and the change would alter it.
  case immutable(RecordStatus)
  case invalidTransition(from: RecordStatus, to: RecordStatus)
  /// An execution cannot be finished while so many of its branches are not.
  case unfinishedBranches(Int)
  /// The times would run backwards.
  case invalidTimes(String)
}
