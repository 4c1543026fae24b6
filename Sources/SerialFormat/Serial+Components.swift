extension Serial {
  /// Which of the four it is.
  public var kind: SerialKind {
    switch self {
    case .job: .job
    case .target: .target
    case .execution: .execution
    case .branch: .branch
    }
  }

  /// The counter that numbered its root: `target` for a target, `job` for all others.
  public var counterKind: CounterKind { kind.counterKind }

  /// The year in UTC, 2000...9999.
  public var year: Int {
    switch self {
    case .job(let serial): serial.year
    case .target(let serial): serial.year
    case .execution(let serial): serial.year
    case .branch(let serial): serial.year
    }
  }

  /// Its own number: within the year for a job and a target, 1...99,999; below its parent for an
  /// execution and a branch, 1...9,999.
  public var number: Int {
    switch self {
    case .job(let serial): serial.number
    case .target(let serial): serial.number
    case .execution(let serial): serial.number
    case .branch(let serial): serial.number
    }
  }

  /// What it is numbered under: the execution of a branch, the job of an execution; nil for a job
  /// and a target.
  public var parent: Serial? {
    switch self {
    case .job, .target: nil
    case .execution(let serial): .job(serial.job)
    case .branch(let serial): .execution(serial.execution)
    }
  }

  /// The order of the texts, in which a parent stands directly before its children.
  public static func < (left: Serial, right: Serial) -> Bool { left.order < right.order }

  /// Prefix, year, number, execution and branch as one integer; what a serial does not have is 0.
  private var order: UInt64 {
    switch self {
    case .job(let serial): Self.order(.job, serial.value)
    case .target(let serial): Self.order(.target, serial.value)
    case .execution(let serial):
      Self.order(.job, serial.job.value, execution: serial.number)
    case .branch(let serial):
      Self.order(
        .job, serial.job.value, execution: serial.execution.number, branch: serial.number)
    }
  }

  private static func order(
    _ kind: CounterKind, _ root: CounterNumber, execution: Int = 0, branch: Int = 0
  ) -> UInt64 {
    // 1 bit for the prefix, 30 for year and number, 14 for each child: 59 in all.
    let prefix: UInt64 = kind == .job ? 0 : 1
    return prefix << 58 | UInt64(root.packed) << 28 | UInt64(execution) << 14 | UInt64(branch)
  }
}
