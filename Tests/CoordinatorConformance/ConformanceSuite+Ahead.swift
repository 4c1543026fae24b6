import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// Commit-ahead: numbers that are committed before anybody has them.
extension ConformanceCase {
  func whatIsCommittedAheadIsReportedLater(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(20)
    let asked = TestProcess.Asked(try block(1, 2))
    try await one.commit(held.plan(through: 10, asked: [asked], handedOut: 0), of: &held)
    #expect(try await harness.reading.leases().map(\.committedThrough) == [10])
    #expect(try await harness.reading.leases().map(\.atRisk) == [10])
    let unreported = try await harness.reading.number(4, of: held.counter)
    #expect(unreported == NumberEntry(state: .issued, node: "eu-1"))
    // 3...5 were handed out; 1 and 2, too
    let report = TestProcess.Asked(try block(3, 5), subject: "late", delivered: true)
    try await one.commit(held.plan(through: 10, asked: [report], handedOut: 5), of: &held)
    #expect(try await harness.reading.number(4, of: held.counter).subject == "late")
    #expect(try await harness.reading.leases().map(\.atRisk) == [5])
    // a number is reported once
    let twice = held.plan(through: 10, asked: [report], handedOut: 5)
    await #expect(throws: CoordinatorError.self) { try await one.coordinator.commit(twice) }
    let replies = try await one.coordinator.release([
      ReleaseItem(lease: held.lease, handedOut: 5)
    ])
    #expect(
      replies == [
        ReleaseReply(lease: held.lease.id, outcome: .released, givenBack: 15, issuedThrough: 5)
      ])
    try await expectLedger(harness, held.counter, issued: 5, leased: 0)
  }

  func aReportIsTakenAfterTheLeaseEnded(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(20)
    try await one.commit(held.plan(through: 10, asked: []), of: &held)
    try await harness.expireLeases(of: "eu-1")
    let early = TestProcess.Asked(try block(1, 1), delivered: true)
    try await one.commit(held.plan(through: 10, asked: [early], handedOut: 1), of: &held)
    // a report does not bring an expired lease back to life
    #expect(try await one.coordinator.reapExpired() == 1)
    let late = TestProcess.Asked(try block(2, 4), delivered: true)
    try await one.commit(held.plan(through: 10, asked: [late], handedOut: 4), of: &held)
    #expect(try await one.outcomes(of: held.plan(raisingBy: 1)) == [.closed])
    let replies = try await one.coordinator.release([
      ReleaseItem(lease: held.lease, handedOut: 4)
    ])
    #expect(replies.map(\.givenBack) == [6])
    #expect(replies.map(\.issuedThrough) == [4])
    try await expectLedger(harness, held.counter, issued: 4, leased: 0)
    let state = try await harness.reading.number(5, of: held.counter).state
    #expect(state == .free)
  }

  func aReportOfWhatIsKnownChangesNothing(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var live = try await one.lease(10)
    var closed = try await one.lease(10)
    try await one.commit(3, of: &live)
    try await one.commit(4, of: &closed)
    #expect(try await one.release(closed).outcome == .released)
    func holding(_ held: TestProcess.Held) -> Holding {
      Holding(
        lease: held.lease.id, boot: one.boot, counter: held.counter, block: held.block,
        issuedThrough: held.committedThrough, isExact: true)
    }
    let generation = try await one.coordinator.renew([]).facts.generation
    let stale = try await one.coordinator.report(
      HoldingsReport(
        generation: generation - 1, suspicion: nil, holdings: [holding(live), holding(closed)]))
    #expect(stale.outcome == .again)
    let answer = try await one.coordinator.report(
      HoldingsReport(
        generation: stale.facts.generation, suspicion: nil,
        holdings: [holding(live), holding(closed)]))
    #expect(answer.outcome == .accepted)
    #expect(answer.carved == 0)
    #expect(answer.overlapping == 0)
    #expect(answer.settled == [.init(lease: closed.lease.id, issuedThrough: 14)])
    try await expectLedger(harness, live.counter, issued: 7, leased: 7)
    try await one.commit(1, of: &live)
  }
}
