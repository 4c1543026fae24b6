import LibPQ

/// How long locks of the application are waited for, again and again.
struct Patience {
  private let end: ContinuousClock.Instant
  private var milliseconds = 50

  init(_ options: LegacyOptions) {
    end = .now + .seconds(options.patienceSeconds)
  }

  /// Waits a little longer each time, at most half a second. Throws when the time is over.
  mutating func pause() async throws {
    guard ContinuousClock.now < end else {
      throw LegacyError(
        .lockedOut, "the application holds a lock for too long; run the migration again to go on")
    }
    try await Task.sleep(for: .milliseconds(Int.random(in: milliseconds / 2...milliseconds)))
    milliseconds = min(500, milliseconds * 2)
  }
}

extension LegacyMigration {
  /// A statement that is a transaction of its own, again for as long as a lock stands in its way.
  @discardableResult
  func once(_ step: LegacyStep, _ statement: Statement, _ parameters: [Parameter] = [])
    async throws -> StatementResult
  {
    try await checkpoint(step)
    return try await again(step) { try await connection.execute(statement, parameters) }
  }

  /// A statement that changes the tables, on its own.
  func run(_ step: LegacyStep, _ sql: String, isSlow: Bool) async throws {
    try await checkpoint(step)
    if isSlow {
      try await connection.simpleScript("SET lock_timeout = \(Self.slowLockMilliseconds)")
    }
    do {
      try await again(step) {
        do {
          try await connection.simpleScript(sql)
        } catch let error as LibPQError where isSlow && Self.isPassing(error) {
          // what it left is not valid: the next list of statements begins with dropping it
          observe(.waits(step, why: error.message))
        }
      }
    } catch {
      throw error
    }
    if isSlow {
      try await connection.simpleScript("SET lock_timeout = \(Self.lockMilliseconds)")
    }
  }

  private func again<Value: Sendable>(_ step: LegacyStep, _ body: () async throws -> Value)
    async throws -> Value
  {
    var patience = Patience(options)
    while true {
      do {
        return try await body()
      } catch let error as LibPQError where Self.isPassing(error) {
        observe(.waits(step, why: error.message))
        try await patience.pause()
      }
    }
  }

  /// A lock that was not got in time, a deadlock, a serialization failure.
  private static func isPassing(_ error: LibPQError) -> Bool {
    error.outcome == .rolledBack && ["55P03", "40P01", "40001"].contains(error.sqlState ?? "")
  }
}
