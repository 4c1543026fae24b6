/// Many seeds, on all cores.
public struct Campaign: Sendable, Equatable {
  public let firstSeed: UInt64
  public let schedules: Int
  package var bug: PlantedBug?

  public init(firstSeed: UInt64, schedules: Int) {
    self.firstSeed = firstSeed
    self.schedules = schedules
  }

  /// What all of them did together.
  public struct Summary: Sendable, Equatable {
    public var schedules = 0
    public var handedOut = 0
    public var records = 0
    public var notes: [String: Int] = [:]
    /// Of the hashes of all traces, in whichever order they were run.
    public var traceHash: UInt64 = 0
    /// The lowest seed that failed, and how.
    public var failure: Failure?

    mutating func add(_ other: Summary) {
      schedules += other.schedules
      handedOut += other.handedOut
      records += other.records
      notes.merge(other.notes, uniquingKeysWith: +)
      traceHash &+= other.traceHash
      if let theirs = other.failure, theirs.seed < failure?.seed ?? .max { failure = theirs }
    }
  }

  public struct Failure: Sendable, Equatable {
    public let seed: UInt64
    public let violation: Violation
  }

  /// Seeds that one task runs before it reports.
  static let seedsPerTask = 50

  /// Runs them in the order of their seeds, some at once, and stops after the first that fails.
  /// - Parameters:
  ///   - width: how many run at once.
  ///   - progress: is told how many are done.
  public func run(
    width: Int, progress: (Int) -> Void = { _ in }
  ) async -> Summary {
    let size = Self.seedsPerTask
    let tasks = stride(from: 0, to: schedules, by: size).map { start in
      (first: firstSeed &+ UInt64(start), count: min(size, schedules - start))
    }
    let bug = bug
    return await withTaskGroup(of: Summary.self) { group in
      var summary = Summary()
      var waiting = tasks[...]
      func startNext(in group: inout TaskGroup<Summary>) {
        guard let next = waiting.popFirst() else { return }
        group.addTask { await Self.run(from: next.first, count: next.count, bug: bug) }
      }
      for _ in 0..<max(1, width) { startNext(in: &group) }
      while let done = await group.next() {
        summary.add(done)
        progress(summary.schedules)
        // Those with lower seeds run already, and are waited for.
        if summary.failure == nil { startNext(in: &group) }
      }
      return summary
    }
  }

  private static func run(from first: UInt64, count: Int, bug: PlantedBug?) async -> Summary {
    var summary = Summary()
    for offset in 0..<UInt64(count) {
      let seed = first &+ offset
      let outcome = await Simulator.run(Schedule(seed: seed), bug: bug)
      summary.schedules += 1
      summary.handedOut += outcome.handedOut
      summary.records += outcome.records
      summary.notes.merge(outcome.notes, uniquingKeysWith: +)
      summary.traceHash &+= outcome.traceHash
      if let violation = outcome.violation {
        summary.failure = Failure(seed: seed, violation: violation)
        break
      }
    }
    return summary
  }
}
