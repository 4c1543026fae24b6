/// How the migration of an existing installation works.
public struct LegacyOptions: Sendable, Equatable {
  /// What happens to a job or target that an application inserts with a serial of its own.
  public enum Writes: String, Sendable, Equatable, CaseIterable {
    /// It gets the next free number, and its own text becomes an alias.
    case renumber
    /// It is refused.
    case refuse
  }

  /// What rows one transaction may hold, for how long an application's rows are waited for.
  public static let batches = 1...100_000

  public let writes: Writes
  /// Rows in one transaction, about.
  public let batch: Int
  /// How long one step waits for locks of the application in all, in seconds, before it gives up.
  public let patienceSeconds: Int

  /// Makes options. `batch` must lie within `batches`.
  public init(writes: Writes = .renumber, batch: Int = 5_000, patienceSeconds: Int = 600) {
    precondition(Self.batches.contains(batch), "batch \(batch) is not within \(Self.batches)")
    self.writes = writes
    self.batch = batch
    self.patienceSeconds = patienceSeconds
  }
}

/// A step of the migration, in the order in which they are done.
public enum LegacyStep: String, Sendable, CaseIterable {
  case check = "check the installation"
  case columns = "add columns"
  case helpers = "build indexes for numbering"
  case planJobs = "plan the serials of jobs"
  case planTargets = "plan the serials of targets"
  case jobs = "convert jobs"
  case targets = "convert targets"
  case executions = "number executions"
  case branches = "number branches"
  case earlyIndexes = "build indexes"
  case catchUp = "catch up with the application"
  case switchOver = "let the database number what is inserted"
  case lateIndexes = "build unique indexes"
  case constraints = "check forms and demand serials"
  case cleanup = "drop what only the migration needed"
  case statistics = "gather statistics"
  case clearing = "clear away what rows were"
  case finish = "make the registry ready"
}

/// Something that the check of an installation found.
public struct LegacyFinding: Sendable, Equatable, CustomStringConvertible {
  /// Whether the migration does not begin because of it.
  public let stops: Bool
  /// What it is, in one word: `year-full`, `job-full`, `column-missing`, ...
  public let code: String
  /// What it is, for a person.
  public let detail: String

  public var description: String { "\(code): \(detail)" }
}

/// What the migration tells while it works.
public enum LegacyEvent: Sendable, Equatable {
  /// A step begins; with the number of rows before it, where it counts rows.
  case began(LegacyStep, total: Int?)
  /// So many rows of the step are done.
  case advanced(LegacyStep, done: Int)
  /// The step is over; so many rows or statements were done, 0 when nothing was left of it.
  case ended(LegacyStep, done: Int)
  /// A lock of the application is waited for.
  case waits(LegacyStep, why: String)
  /// Something to know that does not stop it.
  case found(LegacyFinding)
}

/// A value of a record that the migration changed.
public struct LegacyChange: Sendable, Equatable {
  public let table: String
  public let recordID: Int
  public let column: String
  /// Nil where there was none.
  public let old: String?
  /// Nil in a rehearsal, where it is not known before.
  public let new: String?
  /// Why: `converted`, `duplicate`, `does-not-fit`, `taken`, `unknown-form`, `not-a-number`,
  /// `without-identifier`, `without-time`.
  public let reason: String
}

/// What became of the jobs or targets of a year.
public struct LegacyForecast: Sendable, Equatable {
  public let kind: String
  public let year: Int
  public let records: Int
  /// How many keep year and number.
  public let kept: Int
  public let renumbered: Int
  /// Numbers below the highest that is kept, used by no record.
  public let void: Int
}

/// How a run of the migration ended.
public struct LegacyOutcome: Sendable, Equatable {
  /// The registry was ready before: nothing was changed.
  public let wasReady: Bool
  /// Whether this database was ever migrated: a new one never is.
  public let wasMigrated: Bool
  /// What was found to disagree at the end, of `serial.verify()`.
  public let disagreements: [String]
  /// Whether jobs whose creator names nobody have a user that they belong to.
  public let hasServiceUser: Bool
}

/// Why the migration did not go on.
public struct LegacyError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, Equatable {
    /// Something stands against it, and nothing was written.
    case stopped
    /// Another run is under way.
    case busy
    /// The application held a lock for longer than the patience lasts.
    case lockedOut
    /// The database is not one that this command can work on.
    case notPossible
  }

  public let code: Code
  public let detail: String
  /// All that the check found.
  public let findings: [LegacyFinding]

  public init(_ code: Code, _ detail: String, findings: [LegacyFinding] = []) {
    self.code = code
    self.detail = detail
    self.findings = findings
  }

  public var description: String { detail }
}
