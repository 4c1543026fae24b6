import Foundation
import Simulator
import Testing

struct SchedulesTests {
  static let width = ProcessInfo.processInfo.activeProcessorCount

  @Test func noNumberIsHandedOutTwiceAndNoneIsLeftBehind() async {
    let summary = await Campaign(firstSeed: 1, schedules: 10_000).run(width: Self.width)
    if let failure = summary.failure {
      Issue.record("seed \(failure.seed): \(failure.violation); chaos simulate reduces it")
    }
    #expect(summary.schedules == 10_000)
    #expect(summary.handedOut > 10_000 * 15, "\(summary.handedOut)")
    #expect(summary.records > 10_000, "\(summary.records)")
    // the faults really happened
    let notes = summary.notes
    for note in ["fenced", "recalled", "resolved", "stocked", "released", "granted", "superseded"] {
      #expect((notes[note] ?? 0) > 500, "\(note): \(notes)")
    }
    #expect((notes["recorded"] ?? 0) > 50, "\(notes)")
  }

  @Test func aSeedAlwaysDoesTheSame() async {
    for seed in UInt64(1)...100 {
      let schedule = Schedule(seed: seed)
      let first = await Simulator.run(schedule, keepsTrace: true)
      #expect(schedule == Schedule(seed: seed))
      #expect(first == (await Simulator.run(schedule, keepsTrace: true)), "seed \(seed)")
      #expect(first.trace.count > schedule.steps.count, "seed \(seed)")
    }
    let hashes = await [1, 2].asyncMap { await Simulator.run(Schedule(seed: $0)).traceHash }
    #expect(hashes[0] != hashes[1])
  }

  /// However its seeds are shared out.
  @Test func aCampaignAlwaysDoesTheSame() async {
    let campaign = Campaign(firstSeed: 1, schedules: 333)
    let alone = await campaign.run(width: 1)
    #expect(alone == (await campaign.run(width: 3)))
    #expect(alone.schedules == 333)
  }
}

extension Array {
  fileprivate func asyncMap<Mapped>(_ transform: (Element) async -> Mapped) async -> [Mapped] {
    var mapped: [Mapped] = []
    for element in self { mapped.append(await transform(element)) }
    return mapped
  }
}
