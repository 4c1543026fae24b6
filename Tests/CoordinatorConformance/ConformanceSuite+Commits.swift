import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

extension ConformanceCase {
  func commitIsCompareAndSet(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(100)
    let stale = held.plan(raisingBy: 3)
    try await one.commit(5, of: &held)
    // the same statement again, one that was sent before, one not higher, one beyond the end
    for plan in [
      stale,
      held.plan(through: 4, lines: []),
      held.plan(through: 101, lines: []),
      held.plan(through: 7, lines: [], handedOut: 8),
    ] {
      #expect(try await one.outcomes(of: plan) == [.unexpected])
    }
    var wrongRevision = held
    wrongRevision.revision += 1
    #expect(
      try await one.outcomes(of: wrongRevision.plan(raisingBy: 1))
        == [.unexpected])
    try await expectLedger(harness, held.counter, issued: 5, leased: 95)
    try await one.commit(95, of: &held)
    try await expectLedger(harness, held.counter, issued: 100, leased: 0)
  }

  func commitIsAllOrNothing(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let good = try await one.lease(10)
    var bad = try await one.lease(10)
    bad.revision = 7
    let plan = CommitPlan(
      counter: good.counter,
      raises: good.plan(raisingBy: 2).raises + bad.plan(raisingBy: 2).raises,
      lines: good.plan(raisingBy: 2).lines + bad.plan(raisingBy: 2).lines)
    let replies = try await one.coordinator.commit(plan).leases
    let outcomes = Dictionary(uniqueKeysWithValues: replies.map { ($0.lease, $0.outcome) })
    #expect(outcomes == [good.lease.id: .notTried, bad.lease.id: .unexpected])
    try await expectLedger(harness, good.counter, issued: 0, leased: 20)
    // two lines for one number are refused with everything else of their statement
    let twice = good.plan(through: 2, lines: [(try block(1, 2), false), (try block(2, 2), false)])
    await #expect(throws: CoordinatorError.self) { try await one.coordinator.commit(twice) }
    let outside = good.plan(through: 2, lines: [(try block(1, 3), false)])
    await #expect(throws: CoordinatorError.self) { try await one.coordinator.commit(outside) }
    try await expectLedger(harness, good.counter, issued: 0, leased: 20)
    bad.revision = 0
    let both = CommitPlan(
      counter: good.counter,
      raises: good.plan(raisingBy: 2).raises + bad.plan(raisingBy: 3).raises,
      lines: good.plan(raisingBy: 2).lines + bad.plan(raisingBy: 3).lines)
    #expect(try await one.outcomes(of: both) == [.committed, .committed])
    try await expectLedger(harness, good.counter, issued: 5, leased: 15)
  }

  func aCommitThatIsTooLateIsNotSent(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    do throws(CoordinatorError) {
      _ = try await one.coordinator.commit(held.plan(raisingBy: 2)) { false }
      Issue.record("it was sent")
    } catch {
      #expect(error.code == .notDone)
    }
    try await expectLedger(harness, held.counter, issued: 0, leased: 10)
    try await one.commit(2, of: &held)
  }

  func aCommitOfAnotherProcessIsRefused(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let other = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(10)
    #expect(
      try await other.outcomes(of: held.plan(raisingBy: 1)) == [.notHolder])
    #expect(try await other.coordinator.renew([held.lease]).leases.map(\.outcome) == [.notHolder])
    #expect(try await other.release(held).outcome == .notHolder)
    #expect(
      try await other.coordinator.readBack([held.lease]).map(\.outcome) == [.notHolder])
    let token = held.lease
    held.lease = LeaseReference(id: token.id, token: Token(UUID()), attempt: 0)
    #expect(
      try await one.outcomes(of: held.plan(raisingBy: 1)) == [.staleToken])
    #expect(try await one.coordinator.renew([held.lease]).leases.map(\.outcome) == [.staleToken])
    #expect(try await one.release(held).outcome == .staleToken)
    #expect(
      try await one.coordinator.readBack([held.lease]).map(\.outcome) == [.staleToken])
    held.lease = LeaseReference(id: LeaseID(UUID()), token: token.token, attempt: 0)
    #expect(
      try await one.outcomes(of: held.plan(raisingBy: 1)) == [.unknownLease])
    #expect(try await one.release(held).outcome == .unknownLease)
    try await expectLedger(harness, held.counter, issued: 0, leased: 10)
  }

  func readBackFencesOlderAttempts(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(100)
    try await one.commit(5, of: &held)
    let late = held.plan(raisingBy: 10)
    let found = try await one.coordinator.readBack([held.lease.next])
    // asked again, or late, it says the same and fences nothing more
    #expect(try await one.coordinator.readBack([held.lease.next]) == found)
    #expect(
      found == [
        ReadBackReply(
          lease: held.lease.id, outcome: .live, committedThrough: 5, revision: 1, attempt: 1,
          recalled: false)
      ])
    // the lost statement arrives at last
    #expect(try await one.outcomes(of: late) == [.staleAttempt])
    let before = held.lease
    held.lease = held.lease.next
    try await one.commit(2, of: &held)
    #expect(try await one.coordinator.readBack([before]).map(\.attempt) == [1])
    #expect(try await one.coordinator.readBack([held.lease]).map(\.committedThrough) == [7])
    try await one.commit(1, of: &held)
  }

  func stockGetsANewRecipientAlsoAfterExpiry(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    try await one.commit(4, of: &held)
    let again = held.plan(
      through: 5, lines: [(try block(3, 4), true), (try block(5, 5), false)], subject: "second",
      handedOut: 2)
    #expect(try await one.outcomes(of: again) == [.committed])
    held.committedThrough = 5
    held.revision += 1
    #expect(try await harness.reading.number(3, of: held.counter).subject == "second")
    #expect(try await harness.reading.number(2, of: held.counter).subject == "tester")
    try await harness.expireLeases(of: "eu-1")
    _ = try await one.coordinator.reapExpired()
    let late = held.plan(
      through: 5, lines: [(try block(4, 4), true)], subject: "third", handedOut: 5)
    #expect(try await one.outcomes(of: late) == [.committed])
    held.revision += 1
    #expect(try await harness.reading.number(4, of: held.counter).subject == "third")
    // but no new number, and no line for a number that never had one
    #expect(
      try await one.outcomes(of: held.plan(raisingBy: 1)) == [.closed])
    let unknown = held.plan(through: 5, lines: [(try block(6, 6), true)], handedOut: 5)
    await #expect(throws: CoordinatorError.self) { try await one.coordinator.commit(unknown) }
    try await expectLedger(harness, held.counter, issued: 5, leased: 0)
  }

  func linesAreOnlyForWhatTheLeaseStillHolds(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(10)
    // five are committed ahead, without a recipient; a line for one that has none is no second line
    let ahead = held.plan(through: 5, lines: [])
    #expect(try await one.outcomes(of: ahead) == [.committed])
    held.committedThrough = 5
    held.revision += 1
    let orphan = held.plan(through: 5, lines: [(try block(2, 2), true)], handedOut: 0)
    await #expect(throws: CoordinatorError.self) { try await one.coordinator.commit(orphan) }
    // they are given back, and may be granted to others: the closed lease names them no more
    let item = ReleaseItem(lease: held.lease, handedOut: 0)
    #expect(try await one.coordinator.release([item]).map(\.givenBack) == [10])
    let late = held.plan(through: 5, lines: [(try block(1, 5), false)], handedOut: 0)
    await #expect(throws: CoordinatorError.self) { try await one.coordinator.commit(late) }
    var next = try await two.lease(3)
    #expect(next.block.numbers == 1...3)
    try await two.commit(3, of: &next)
    try await expectLedger(harness, held.counter, issued: 3, leased: 0)
  }

  func theHandedOutBoundNeverGoesDown(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    try await one.commit(4, of: &held)
    try await one.commit(1, of: &held)
    // the second commit said that four were handed out
    let lower = held.plan(through: 6, lines: [(try block(6, 6), false)], handedOut: 3)
    #expect(try await one.outcomes(of: lower) == [.unexpected])
    for handedOut in [3, 6] {
      let item = ReleaseItem(lease: held.lease, handedOut: handedOut)
      #expect(try await one.coordinator.release([item]).map(\.outcome) == [.unexpected])
    }
    #expect(try await one.release(held).outcome == .released)
  }

  func numbersAreFoundWithTheirRecipient(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    try await one.commit(3, of: &held)
    let issued = try await harness.reading.number(3, of: held.counter)
    #expect(issued.state == .issued)
    #expect(issued.node == "eu-1")
    #expect(issued.subject == "tester")
    #expect(issued.requestID != nil)
    #expect(issued.issuedAt != nil)
    let leased = try await harness.reading.number(4, of: held.counter)
    #expect(leased == NumberEntry(state: .leased, node: "eu-1"))
    #expect(try await harness.reading.number(99_999, of: held.counter) == NumberEntry(state: .free))
    let leases = try await harness.reading.leases()
    #expect(leases.map(\.block) == [held.block])
    #expect(leases.map(\.committedThrough) == [3])
    let nodes = try await harness.reading.nodes()
    #expect(nodes.map(\.node) == ["eu-1", "eu-2", "us-1"])
    #expect(nodes.map(\.live) == [true, false, false])
    #expect(nodes[0].bootID == one.boot)
    #expect(nodes[0].leasedNumbers == 7)
  }
}

func block(_ first: Int, _ last: Int) throws -> Block {
  try #require(Block(first: first, last: last))
}
