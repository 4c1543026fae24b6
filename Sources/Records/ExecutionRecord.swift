public import Foundation
public import SerialFormat

/// A row of `job_executions`, with its job.
public struct ExecutionRecord: Sendable, Equatable {
  public let id: Int
  public let uuid: UUID
  public let serial: ExecutionSerial
  public let job: JobReference
  public let status: RecordStatus
  public let scheduledAt: Date?
  public let startedAt: Date?
  public let completedAt: Date?
  public let createdAt: Date
  /// How many branches it has, 0...9,999.
  public let branchCount: Int

  public init(
    id: Int, uuid: UUID, serial: ExecutionSerial, job: JobReference, status: RecordStatus,
    scheduledAt: Date?, startedAt: Date?, completedAt: Date?, createdAt: Date, branchCount: Int
  ) {
    self.id = id
    self.uuid = uuid
    self.serial = serial
    self.job = job
    self.status = status
    self.scheduledAt = scheduledAt
    self.startedAt = startedAt
    self.completedAt = completedAt
    self.createdAt = createdAt
    self.branchCount = branchCount
  }
}

/// A row of `job_execution_branches`: the result of one target in one execution.
public struct BranchRecord: Sendable, Equatable {
  public let id: Int
  public let uuid: UUID
  public let serial: BranchSerial
  /// EnableDRM's own name of it: `001`, `002`, ..., or whatever an old installation wrote.
  public let branchID: String
  public let executionID: Int
  /// Nil when the row names a target that has no serial.
  public let target: TargetReference?
  public let targetID: Int
  public let status: RecordStatus
  public let scheduledAt: Date?
  public let startedAt: Date?
  public let completedAt: Date?
  public let output: Output
  public let error: Output
  public let exitCode: Int?
  public let createdAt: Date
  public let outputsPurgedAt: Date?

  /// A text that may be long: a list carries its beginning only.
  public struct Output: Sendable, Equatable {
    public let text: String?
    /// Length of the whole in bytes of UTF-8; 0 when there is none.
    public let bytes: Int
    /// The text is the beginning of a longer one.
    public let isCut: Bool

    public init(text: String?, bytes: Int, isCut: Bool) {
      self.text = text
      self.bytes = bytes
      self.isCut = isCut
    }
  }

  public init(
    id: Int, uuid: UUID, serial: BranchSerial, branchID: String, executionID: Int,
    target: TargetReference?, targetID: Int, status: RecordStatus, scheduledAt: Date?,
    startedAt: Date?, completedAt: Date?, output: Output, error: Output, exitCode: Int?,
    createdAt: Date, outputsPurgedAt: Date?
  ) {
    self.id = id
    self.uuid = uuid
    self.serial = serial
    self.branchID = branchID
    self.executionID = executionID
    self.target = target
    self.targetID = targetID
    self.status = status
    self.scheduledAt = scheduledAt
    self.startedAt = startedAt
    self.completedAt = completedAt
    self.output = output
    self.error = error
    self.exitCode = exitCode
    self.createdAt = createdAt
    self.outputsPurgedAt = outputsPurgedAt
  }
}

/// A result with whole outputs, and the job that it was a part of.
public struct BranchDetail: Sendable, Equatable {
  public let branch: BranchRecord
  public let job: JobReference

  public init(branch: BranchRecord, job: JobReference) {
    self.branch = branch
    self.job = job
  }
}
