import ArgumentParser
import Foundation
import Simulator

extension PlantedBug: ExpressibleByArgument {}

struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run seeded schedules of faults against the lease machine, in one process.",
    discussion: """
      Exit status 1 with a violation; the schedule is then reduced and printed with the command \
      that runs it again. The same seed always does the same.
      """)

  @Option(help: "The first seed.")
  var seed: UInt64 = 1

  @Option(help: "How many seeds, from the first on.")
  var schedules = 10_000

  @Option(name: .customLong("flaw"), help: "Plant a bug, to see it found.")
  var bug: PlantedBug?

  @Option(help: "Only these steps of the first seed, separated by commas (as printed).")
  var keep: String?

  @Flag(help: "Print everything that happens with the first seed, and run no other.")
  var trace = false

  func validate() throws {
    guard schedules >= 1 else { throw ValidationError("--schedules is at least 1") }
  }

  func run() async throws {
    if trace || keep != nil { return try await runOne() }
    let width = ProcessInfo.processInfo.activeProcessorCount
    print(
      "seeds \(seed) to \(seed &+ UInt64(schedules - 1)), \(width) at once, "
        + "planted bug: \(bug?.rawValue ?? "none")")
    var campaign = Campaign(firstSeed: seed, schedules: schedules)
    campaign.bug = bug
    var line = ProgressLine(total: schedules)
    let start = ContinuousClock.now
    let summary = await campaign.run(width: width) { line.report($0) }
    line.end()
    let seconds = start.duration(to: .now) / .seconds(1)
    print(
      "\(summary.schedules) schedules in \(Int(seconds.rounded(.up))) s, "
        + "\(Int(Double(summary.schedules) / max(seconds, 0.001))) a second; "
        + "\(summary.handedOut) numbers handed out, \(summary.records) records")
    print(
      summary.notes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        .joined(separator: ", "))
    guard let failure = summary.failure else {
      print("no violation; trace hash \(String(summary.traceHash, radix: 16))")
      return
    }
    print("violation with seed \(failure.seed), after \(failure.seed &- seed &+ 1) schedules")
    try await explain(Schedule(seed: failure.seed))
  }

  private func runOne() async throws {
    var schedule = Schedule(seed: seed)
    if let keep {
      let places = keep.split(separator: ",").map { Int($0) }
      guard places.allSatisfy({ $0 != nil }) else {
        throw ValidationError("--keep wants numbers of steps, separated by commas")
      }
      schedule = schedule.keeping(places.compactMap { $0 })
    }
    let outcome = await Simulator.run(schedule, bug: bug, keepsTrace: true)
    for line in outcome.trace { print(line) }
    print("trace hash \(String(outcome.traceHash, radix: 16))")
    if outcome.violation != nil { throw ExitCode(1) }
  }

  /// The shortest schedule that fails in the same way.
  private func explain(_ schedule: Schedule) async throws {
    print(schedule.options)
    guard let reduction = await Reduction.reduce(schedule, bug: bug) else {
      print("it does not fail when it is repeated: the simulator is not deterministic")
      throw ExitCode(1)
    }
    print(reduction.violation)
    print(
      "reduced from \(schedule.steps.count) to \(reduction.schedule.steps.count) steps, "
        + "\(reduction.attempts) schedules tried; without faults after the last:")
    for (place, step) in zip(reduction.schedule.places, reduction.schedule.steps) {
      print("  \(place) \(step)")
    }
    let places = reduction.schedule.places.map(String.init).joined(separator: ",")
    print(
      "again: chaos simulate --seed \(schedule.options.seed)"
        + (bug.map { " --flaw \($0.rawValue)" } ?? "") + " --keep '\(places)'")
    throw ExitCode(1)
  }
}
