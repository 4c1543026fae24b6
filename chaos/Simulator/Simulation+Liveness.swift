import LeaseCore
import MemoryCoordinator

/// The phase without faults.
extension Simulation {
  /// So many turns are enough for every number that is left, many times over.
  static let mostTurns = 1_500
  static let mostDeliveries = 5_000

  /// Once faults stop, every free number can be issued, by whichever node is asked; and then
  /// everything is told.
  mutating func finish() async {
    var random = SeededGenerator(seed: options.seed ^ 0x6C69_7665)
    await endFaults()
    await useUp(&random)
    await comeToRest(&random)
    // A release of a process that is no more may have arrived when the others had found nothing.
    if violation == nil, await ledger.isAnyFree(of: Self.counter) {
      trace.add("something came back")
      await useUp(&random)
      await comeToRest(&random)
    }
    await checkEnd()
  }

  /// Everybody goes on and reaches the coordinator. Processes that were replaced end, and those
  /// that were told to end are started anew.
  private mutating func endFaults() async {
    for process in processes.indices {
      resume(process)
      comeBack(process)
      if processes[process].isReplaced || processes[process].isDraining { await crash(process) }
    }
  }

  /// Asks every process until each of them has said that nothing is left.
  private mutating func useUp(_ random: inout SeededGenerator) async {
    let live = processes.indices.filter { !processes[$0].isGone }
    exhausted = []
    var turns = 0
    while exhausted.count < live.count, turns < Self.mostTurns, violation == nil {
      turns += 1
      for process in live where processes[process].machine.waitingCount == 0 {
        // Several at once while many are left; the last ones one by one.
        let isNear = options.left - handedOut.count < 12
        request(at: process, count: isNear ? 1 : Int.random(in: 1...5, using: &random))
      }
      for _ in 0..<6 where !messages.isEmpty {
        await deliver(Int.random(in: messages.indices, using: &random), .arrives)
      }
      await pass(200)
      if turns % 20 == 0 { for process in live { await renew(process) } }
    }
    trace.add("\(exhausted.count) of \(live.count) found nothing, after \(turns) turns")
    if exhausted.count < live.count { violate(.leftBehind, "the end was never reached") }
  }

  /// Idle nodes give back what they hold.
  private mutating func comeToRest(_ random: inout SeededGenerator) async {
    var deliveries = 0
    for _ in 0..<20 where violation == nil {
      await pass(2_000)
      while !messages.isEmpty, deliveries < Self.mostDeliveries {
        deliveries += 1
        await deliver(Int.random(in: messages.indices, using: &random), .arrives)
      }
    }
    if !messages.isEmpty { violate(.leftBehind, "the nodes do not come to rest") }
  }
}
