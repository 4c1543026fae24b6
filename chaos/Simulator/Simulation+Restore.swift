import LeaseCore
import MemoryCoordinator

/// A coordinator that comes back as it was at an earlier moment, and whose clock is behind.
extension Simulation {
  static let stepsAfterRestore = 60

  /// It forgets what happened since, before any node has told it; the nodes go on in the leases that they
  /// hold. No number may be handed out again that was handed out before. Nothing else is promised here.
  mutating func goBack(_ restore: SimulationOptions.Restore) async {
    guard let saved else { return }
    await ledger.goBack(to: saved, secondsBefore: Double(restore.clockBehind))
    hasGoneBack = true
    trace.add("the coordinator is restored")
    dropConnections()
    var random = SeededGenerator(seed: options.seed ^ 0x7265_7374_6F72_65)
    for process in processes.indices {
      resume(process)
      comeBack(process)
    }
    for _ in 0..<Self.stepsAfterRestore where violation == nil {
      let process = Int.random(in: processes.indices, using: &random)
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<6: request(at: process, count: Int.random(in: 1...4, using: &random))
      case 6..<16 where !messages.isEmpty:
        await deliver(Int.random(in: messages.indices, using: &random), .arrives)
      case 16: await renew(process)
      default: await pass(Int.random(in: 1...400, using: &random))
      }
    }
  }

  /// Nothing that was sent to the coordinator of before reaches this one; what it had answered may still
  /// arrive.
  private mutating func dropConnections() {
    let calls = messages.filter { if case .call = $0.content { true } else { false } }
    messages.removeAll { if case .call = $0.content { true } else { false } }
    for call in calls where isAwaited(call) { giveUp(call) }
  }
}
