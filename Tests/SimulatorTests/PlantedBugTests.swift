import Simulator
import Testing

/// A simulator that finds nothing proves nothing.
struct PlantedBugTests {
  @Test(arguments: PlantedBug.allCases)
  func isFoundAndReduced(_ bug: PlantedBug) async throws {
    var campaign = Campaign(firstSeed: 1, schedules: 10_000)
    campaign.bug = bug
    let summary = await campaign.run(width: SchedulesTests.width)
    let failure = try #require(summary.failure, "\(bug.rawValue) was not found")
    let whole = Schedule(seed: failure.seed)
    let reduction = try #require(await Reduction.reduce(whole, bug: bug))
    #expect(reduction.violation.kind == failure.violation.kind)
    #expect(reduction.schedule.steps.count < whole.steps.count / 2)
    // the same without the bug keeps every promise
    #expect(await Simulator.run(reduction.schedule).violation == nil)
    print(
      "\(bug.rawValue): found after \(failure.seed) schedules, \(reduction.violation.kind.rawValue); "
        + "reduced from \(whole.steps.count) to \(reduction.schedule.steps.count) steps")
  }

  /// Nothing but the callers themselves sees that a number was handed out twice.
  @Test func callersSeeANumberThatIsHandedOutTwice() async {
    var kinds: Set<Violation.Kind> = []
    for seed in UInt64(1)...100 {
      let outcome = await Simulator.run(Schedule(seed: seed), bug: .commitUnchecked)
      if let violation = outcome.violation { kinds.insert(violation.kind) }
    }
    #expect(kinds.contains(.handedOutTwice), "\(kinds)")
  }

  @Test func everyStepOfAReducedScheduleIsNeeded() async throws {
    let bug = PlantedBug.expiryFreesCommitted
    var campaign = Campaign(firstSeed: 1, schedules: 10_000)
    campaign.bug = bug
    let failure = try #require(await campaign.run(width: SchedulesTests.width).failure)
    let reduction = try #require(await Reduction.reduce(Schedule(seed: failure.seed), bug: bug))
    for place in reduction.schedule.places {
      let fewer = reduction.schedule.keeping(reduction.schedule.places.filter { $0 != place })
      let outcome = await Simulator.run(fewer, bug: bug)
      #expect(outcome.violation?.kind != reduction.violation.kind, "without step \(place)")
    }
  }

  @Test func nothingIsReducedThatDoesNotFail() async {
    #expect(await Reduction.reduce(Schedule(seed: 1)) == nil)
  }
}
