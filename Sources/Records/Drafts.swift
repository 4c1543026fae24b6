public import Foundation

/// A job that is to be created with its number.
public struct JobDraft: Sendable, Equatable {
  public let name: String
  public let description: String?
  public let jobType: JobType
  public let status: JobStatus
  /// `users.id`; nil for the service's own user.
  public let createdBy: Int?
  public let scheduledAt: Date?

  public init(
    name: String, description: String?, jobType: JobType, status: JobStatus, createdBy: Int?,
    scheduledAt: Date?
  ) {
    self.name = name
    self.description = description
    self.jobType = jobType
    self.status = status
    self.createdBy = createdBy
    self.scheduledAt = scheduledAt
  }
}

/// A target that is to be created with its number.
public struct TargetDraft: Sendable, Equatable {
  public let name: String
  public let targetType: String?
  public let description: String?
  public let osType: String
  public let environment: String?
  public let location: String?
  public let dataCenter: String?
  public let region: String?
  public let isActive: Bool?
  public let status: String?
  public let healthStatus: String?

  public init(
    name: String, targetType: String?, description: String?, osType: String, environment: String?,
    location: String?, dataCenter: String?, region: String?, isActive: Bool?, status: String?,
    healthStatus: String?
  ) {
    self.name = name
    self.targetType = targetType
    self.description = description
    self.osType = osType
    self.environment = environment
    self.location = location
    self.dataCenter = dataCenter
    self.region = region
    self.isActive = isActive
    self.status = status
    self.healthStatus = healthStatus
  }
}

/// An execution that is to be created with one branch for each target: all or nothing.
public struct ExecutionDraft: Sendable, Equatable {
  public let job: JobName
  /// In the order of the branches' numbers, at least one.
  public let targets: TargetList
  public let scheduledAt: Date?
  /// Whose request it is.
  public let subject: String
  public let key: Key?

  /// An idempotency key: the same one with the same request gives the same execution for 24 hours.
  public struct Key: Sendable, Equatable {
    /// 1...200 bytes.
    public let key: String
    public let route: String
    public let requestHash: String

    public init(key: String, route: String, requestHash: String) {
      self.key = key
      self.route = route
      self.requestHash = requestHash
    }
  }

  public init(
    job: JobName, targets: TargetList, scheduledAt: Date?, subject: String, key: Key?
  ) {
    self.job = job
    self.targets = targets
    self.scheduledAt = scheduledAt
    self.subject = subject
    self.key = key
  }
}

/// What is to change of a branch; nil leaves a field as it is.
public struct BranchChange: Sendable, Equatable {
  public let status: RecordStatus?
  public let startedAt: Date?
  public let completedAt: Date?
  public let output: String?
  public let error: String?
  public let exitCode: Int?

  public init(
    status: RecordStatus?, startedAt: Date?, completedAt: Date?, output: String?, error: String?,
    exitCode: Int?
  ) {
    self.status = status
    self.startedAt = startedAt
    self.completedAt = completedAt
    self.output = output
    self.error = error
    self.exitCode = exitCode
  }
}

/// What is to change of an execution; nil leaves a field as it is.
public struct ExecutionChange: Sendable, Equatable {
  public let status: RecordStatus?
  public let startedAt: Date?
  public let completedAt: Date?

  public init(status: RecordStatus?, startedAt: Date?, completedAt: Date?) {
    self.status = status
    self.startedAt = startedAt
    self.completedAt = completedAt
  }
}
