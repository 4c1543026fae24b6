import Foundation
import LeaseCore
import SerialFormat
import Testing

/// Walks every state of a machine with every event, whether that event belongs there or not:
/// nothing traps, and what has to hold holds.
struct EveryStateTests {
  /// Every event in every state, and every event again in whatever state that led to.
  @Test(arguments: MachineWalk.States.allCases)
  func noEventBreaksAState(_ state: MachineWalk.States) async {
    for commitAhead in [0, 3] {
      let start = MachineWalk.reaching(state, commitAhead: commitAhead)
      #expect(start.isAsNamed(state), "\(state)")
      for first in MachineWalk.Event.all {
        // a long way: others want to run meanwhile
        await Task.yield()
        var walk = start
        walk.apply(first)
        for second in MachineWalk.Event.all {
          var further = walk
          further.apply(second)
          #expect(
            further.violations.isEmpty,
            "\(state), \(first), \(second), ahead \(commitAhead): \(further.violations)")
        }
      }
    }
  }

  /// Long walks, from a seed; every third step is one of an undisturbed life.
  @Test func noWalkBreaksAMachine() async {
    let all = MachineWalk.Event.all
    let undisturbed: [MachineWalk.Event] = [
      .ask(1), .ask(4), .back, .acquired(.granted, count: 9),
      .committed(.committed, recalled: false), .committed(.committed, recalled: false),
    ]
    var delivered = 0
    for seed in 1...500 {
      await Task.yield()
      var random = UInt64(seed)
      var walk = MachineWalk(commitAhead: seed % 4)
      var path: [MachineWalk.Event] = []
      for step in 0..<120 {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let events = step % 3 == 0 ? undisturbed : all
        let event = events[Int((random >> 33) % UInt64(events.count))]
        // what ends a machine is rare on a long way
        if event.isEnd, seed % 8 != 0 { continue }
        path.append(event)
        walk.apply(event)
      }
      #expect(walk.violations.isEmpty, "seed \(seed): \(walk.violations) after \(path)")
      delivered += walk.deliveredCount
    }
    #expect(delivered > 500, "\(delivered)")
  }
}
