import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// What an operator does to a node.
extension ConformanceCase {
  func aDrainIsToldToTheRunningProcess(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let other = try await TestProcess.boot("us-1", on: harness)
    let operating = try await harness.operating
    #expect(try await operating.drain(node: "nobody", by: "administrator") == .unknownNode)
    #expect(try await operating.drain(node: "eu-2", by: "administrator") == .notRunning)
    #expect(try await !one.coordinator.renew([]).drainRequested)
    #expect(try await operating.drain(node: "eu-1", by: "administrator") == .done)
    #expect(try await operating.drain(node: "eu-1", by: "administrator") == .already)
    #expect(try await one.coordinator.renew([]).drainRequested)
    #expect(try await one.coordinator.renew([]).drainRequested, "until it is gone")
    #expect(try await !other.coordinator.renew([]).drainRequested)
    // a later process of the node is not drained
    let next = try await TestProcess.boot("eu-1", on: harness)
    #expect(try await !next.coordinator.renew([]).drainRequested)
    #expect(try await operating.drain(node: "eu-1", by: "administrator") == .done)
  }

  func aRetiredNodeEndsForGood(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let other = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(10)
    let kept = try await other.lease(10)
    try await one.commit(3, of: &held)
    let operating = try await harness.operating
    #expect(
      try await operating.retire(node: "nobody", reason: "r", by: "administrator")
        == .unknownNode)
    #expect(try await operating.retire(node: "eu-1", reason: "r", by: "administrator") == .done)
    #expect(
      try await operating.retire(node: "eu-1", reason: "r", by: "administrator") == .already)
    try await expectLedger(harness, held.counter, issued: 3, leased: 10)
    let nodes = try await harness.reading.nodes()
    #expect(nodes.map(\.state) == ["retired", "active", "active"])
    #expect(nodes.map(\.live) == [false, false, true])
    // the process that ran, and a new one
    let plan = held.plan(raisingBy: 1)
    await expectRefusal { try await one.coordinator.commit(plan) }
    await expectRefusal { try await one.acquire(needed: 1, wanted: 1) }
    await expectRefusal { try await one.coordinator.renew([]) }
    await expectRefusal { try await one.coordinator.sweepKeys() }
    await expectRefusal { try await TestProcess.boot("eu-1", on: harness) }
    try await expectLedger(harness, held.counter, issued: 3, leased: 10)
    #expect(try await other.coordinator.renew([kept.lease]).leases.map(\.outcome) == [.live])
    #expect(try await other.lease(5).block.numbers == 4...8)
    #expect(try await operating.drain(node: "eu-1", by: "administrator") == .notRunning)
  }

  private func expectRefusal<Value>(
    sourceLocation: SourceLocation = #_sourceLocation, _ call: () async throws -> Value
  ) async {
    let refusal = await #expect(throws: CoordinatorError.self, sourceLocation: sourceLocation) {
      _ = try await call()
    }
    #expect(refusal?.code == .rejected, sourceLocation: sourceLocation)
  }
}
