import Records
import SerialFormat

/// Why a record is not shown, not created or not changed.
extension Problem {
  static func notFound(_ kind: SerialKind, _ text: String) -> Problem {
    var problem = Problem(.notFound, "\(name(kind)) not found: \(Excerpt.of(text))")
    problem.members.kind = kind.rawValue
    return problem
  }

  static func isFull(_ job: JobSerial) -> Problem {
    full(
      "\(job) has all the \(Capacity.executions) executions that a job can have.", .execution,
      parent: job.description, Capacity.executions)
  }

  static func isFull(_ execution: ExecutionSerial) -> Problem {
    full(
      "An execution has \(Capacity.branches) targets at most; nothing was created.", .branch,
      parent: execution.description, Capacity.branches)
  }

  private static func full(
    _ detail: String, _ kind: SerialKind, parent: String, _ capacity: Int
  ) -> Problem {
    var problem = Problem(.capacityExhausted, detail)
    problem.members.kind = kind.rawValue
    problem.members.parent = parent
    problem.members.capacity = capacity
    return problem
  }

  static let keyReused = Problem(
    .idempotencyKeyReused, "The idempotency key was used for another request.")

  /// Nil for a change that was made. `text` is how the request named the record.
  init?(_ outcome: ChangeOutcome, _ serial: Serial, _ text: String) {
    switch outcome {
    case .done: return nil
    case .unknown: self = .notFound(serial.kind, text)
    case .immutable(let status):
      self.init(
        .immutableRecord, "\(serial) is \(status.rawValue): a finished record never changes.")
      members.kind = serial.kind.rawValue
    case .invalidTransition(let old, let new):
      self.init(
        .invalidTransition,
        "\(serial) is \(old.rawValue) and cannot become \(new.rawValue).")
      members.kind = serial.kind.rawValue
    case .unfinishedBranches(let count):
      self.init(
        .invalidTransition,
        "\(serial) cannot be finished: \(count) of its branches are not. "
          + "\"cancelled\" cancels them.")
      members.kind = serial.kind.rawValue
    case .invalidTimes(let detail):
      self = .invalid(detail)
    }
  }

  /// The coordinator did not say whether an execution was created.
  static func creationUnknown(hasKey: Bool) -> Problem {
    Problem(
      .outcomeUnknown,
      "The coordinator gave no answer: it may have been created. "
        + (hasKey
          ? "Ask again with the same idempotency key."
          : "Look before asking again; with an idempotency key asking again would be harmless.")
    ).retry(afterSeconds: 1)
  }

  /// Records were created, and could not be read for the answer: nobody should create them again.
  static func createdUnread(_ kind: SerialKind, _ serials: [String]) -> Problem {
    let names = serials.count == 1 ? serials[0] : "\(serials[0])...\(serials[serials.count - 1])"
    var problem = Problem(
      .outcomeUnknown,
      "Created, but not read back: \(names). Do not create again: GET shows it, and so does the same "
        + "request with the same idempotency key.")
    problem.members.kind = kind.rawValue
    problem.members.serials = serials
    return problem.retry(afterSeconds: 1)
  }

  static let changedUnread = Problem(
    .outcomeUnknown,
    "The change was made, but the record could not be read back. Asking again is harmless."
  ).retry(afterSeconds: 1)

  static let connectionEnds = Problem(
    .draining, "This connection ends; use another one."
  ).retry(afterSeconds: 1)

  private static func name(_ kind: SerialKind) -> String {
    switch kind {
    case .job: "Job"
    case .target: "Target"
    case .execution: "Execution"
    case .branch: "Branch"
    }
  }
}
