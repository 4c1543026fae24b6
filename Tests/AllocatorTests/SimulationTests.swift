import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator
import SerialFormat
import Testing

/// Schedules of lost, late and doubled messages, crashes and expiries, from a seed; then a phase
/// without faults in which every number that is left must be issued.
struct SimulationTests {
  /// How many seeds; `SIMULATION_SCHEDULES` asks for more of them than every run tries.
  static let schedules =
    ProcessInfo.processInfo.environment["SIMULATION_SCHEDULES"].flatMap(UInt64.init) ?? 500

  @Test func noNumberIsHandedOutTwiceAndNoneIsLeftBehind() async throws {
    var delivered = 0
    var records = 0
    var notes: [String: Int] = [:]
    for seed in 1...Self.schedules {
      let cluster = try await run(seed: seed)
      delivered += cluster.handedOut.count
      records += cluster.acknowledged.count
      notes.merge(cluster.notes, uniquingKeysWith: +)
    }
    #expect(delivered > Int(Self.schedules) * 50)
    #expect(records > Int(Self.schedules) * 3, "\(records)")
    // the faults really happened
    #expect((notes["recorded"] ?? 0) > Int(Self.schedules) / 100, "\(notes)")
    for note in ["fenced", "recalled", "resolved", "stocked", "released", "granted"] {
      #expect((notes[note] ?? 0) > Int(Self.schedules) / 20, "\(note): \(notes)")
    }
  }

  func run(seed: UInt64) async throws -> SimulatedCluster {
    // half of the schedules with a floor of commit-ahead, a third with an adaptive one
    let ahead = CommitAhead(
      floor: seed % 2 == 0 ? 0 : Int(seed % 7) + 1, largest: seed % 3 == 0 ? 12 : 0)
    var cluster = try await SimulatedCluster(seed: seed, nodes: 3, left: 150, commitAhead: ahead)
    for _ in 0..<250 { try await faultyStep(&cluster) }
    try await finish(&cluster, seed: seed)
    #expect(cluster.violations.isEmpty, "seed \(seed): \(cluster.violations)")
    let entry = try #require(
      try await cluster.ledger.ledger().first { $0.counter == cluster.counter })
    #expect(entry.issued == Capacity.counter, "seed \(seed): \(entry)")
    #expect(entry.free + entry.leased == 0, "seed \(seed): \(entry)")
    // handed out implies issued; and what was issued is logged, number by number
    for number in cluster.handedOut {
      let found = try await cluster.ledger.number(number, of: cluster.counter)
      #expect(found.state == .issued, "seed \(seed): \(number)")
      #expect(
        found.subject == "client" || cluster.mayLackALine.contains(number),
        "seed \(seed): \(number)")
    }
    // what nobody received is at most what the crashes had at stake
    let lost = 150 - cluster.handedOut.count
    #expect(lost <= cluster.atStake, "seed \(seed): \(lost) lost, \(cluster.atStake) at stake")
    return cluster
  }

  private func faultyStep(_ cluster: inout SimulatedCluster) async throws {
    let node = Int.random(in: 0..<cluster.nodes.count, using: &cluster.random)
    switch Int.random(in: 0..<100, using: &cluster.random) {
    case 0..<12:
      cluster.request(on: node, count: Int.random(in: 1...6, using: &cluster.random))
    case 12..<16: cluster.record(on: node)
    case 16..<19: cluster.repeatable(on: node)
    case 19..<20: try await cluster.insertRow()
    case 20..<80: try await cluster.deliverCall(faults: true)
    case 80..<90: await cluster.pass(Int.random(in: 1...400, using: &cluster.random))
    case 90..<94: try await cluster.renew(node)
    case 94..<97: await cluster.pass(Int.random(in: 1_000...20_000, using: &cluster.random))
    case 97..<98:
      _ = await cluster.ledger.reapAll()
      cluster.goAway(node)
    default: try await cluster.restart(node)
    }
  }

  /// Once faults stop, every free number can be issued, by whichever node is asked.
  private func finish(_ cluster: inout SimulatedCluster, seed: UInt64) async throws {
    for node in cluster.nodes.indices { cluster.comeBack(node) }
    cluster.exhausted = []
    var steps = 0
    while cluster.exhausted.count < 3, steps < 6_000 {
      steps += 1
      let node = steps % cluster.nodes.count
      if cluster.nodes[node].machine.waitingCount == 0 { cluster.request(on: node, count: 1) }
      for _ in 0..<6 { try await cluster.deliverCall(faults: false) }
      await cluster.pass(100)
      if steps % 40 == 0 {
        for each in cluster.nodes.indices { try await cluster.renew(each) }
      }
    }
    // idle nodes give back what they hold
    for _ in 0..<20 {
      await cluster.pass(2_000)
      while !cluster.calls.isEmpty { try await cluster.deliverCall(faults: false) }
    }
    try await cluster.askForKeys()
    try await cluster.checkRecords()
    #expect(cluster.exhausted.count == 3, "seed \(seed): the end was never reached")
  }
}
