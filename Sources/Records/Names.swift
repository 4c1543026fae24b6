public import SerialFormat

/// How a request names a job: by its serial, or by the database's own id.
public enum JobName: Sendable, Equatable {
  case serial(JobSerial)
  /// 1...2,147,483,647.
  case id(Int)
}

/// How a request names a target.
public enum TargetName: Sendable, Equatable {
  case serial(TargetSerial)
  /// 1...2,147,483,647.
  case id(Int)
}

/// The targets of a new execution, in the order of its branches. A target may stand in it twice.
public enum TargetList: Sendable, Equatable {
  case serials([TargetSerial])
  case ids([Int])

  public var count: Int {
    switch self {
    case .serials(let serials): serials.count
    case .ids(let ids): ids.count
    }
  }
}
