import Allocator
import LeaseCore
import SerialFormat
import Testing

/// How leases end: expiry, release, a new boot.
extension ConformanceCase {
  func expiryGivesBackOnlyWhatWasNotCommitted(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(100)
    try await one.commit(30, of: &held)
    try await harness.expireLeases(of: "eu-1")
    #expect(
      try await one.outcomes(of: held.plan(raisingBy: 1)) == [.expired])
    #expect(try await one.coordinator.renew([held.lease]).leases.map(\.outcome) == [.expired])
    #expect(try await two.coordinator.reapExpired() == 1)
    #expect(try await two.coordinator.reapExpired() == 0)
    try await expectLedger(harness, held.counter, issued: 30, leased: 0)
    #expect(
      try await one.outcomes(of: held.plan(raisingBy: 1)) == [.closed])
    let next = try await two.lease(5)
    #expect(next.block.numbers == 31...35)
  }

  func releaseIsIdempotentAndJoinsRanges(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var leases: [TestProcess.Held] = []
    for _ in 0..<4 { leases.append(try await one.lease(10)) }
    try await one.commit(10, of: &leases[3])
    #expect(try await one.release(leases[0]).givenBack == 10)
    #expect(try await one.release(leases[2]).givenBack == 10)
    #expect(try await one.release(leases[1]).givenBack == 10)
    for lease in leases[0...2] {
      let again = try await one.release(lease)
      #expect(again.outcome == .already)
      #expect(again.givenBack == 0)
      #expect(again.issuedThrough == lease.block.first - 1)
    }
    #expect(
      try await one.outcomes(of: leases[0].plan(raisingBy: 1)) == [.closed])
    // three neighbours became one range again: one block
    let joined = try await one.lease(30)
    #expect(joined.block.numbers == 1...30)
    #expect(
      try await one.outcomes(of: leases[0].plan(raisingBy: 1)) == [.closed])
    // a late release of the first one takes nothing from who holds its numbers now
    #expect(try await one.release(leases[0]).outcome == .already)
    try await expectLedger(harness, joined.counter, issued: 10, leased: 30)
  }

  func anExpiredLeaseMayStillBeReleased(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    // five are committed ahead, three of them with a recipient
    let ahead = held.plan(through: 5, lines: [(try block(1, 3), false)])
    #expect(try await one.outcomes(of: ahead) == [.committed])
    held.committedThrough = 5
    held.revision += 1
    try await harness.expireLeases(of: "eu-1")
    #expect(try await one.coordinator.reapExpired() == 1)
    try await expectLedger(harness, held.counter, issued: 5, leased: 0)
    // it handed out one; the coordinator keeps what has a line in the issue log
    let item = ReleaseItem(lease: held.lease, handedOut: 1)
    let replies = try await one.coordinator.release([item])
    #expect(replies.map(\.outcome) == [.released])
    #expect(replies.map(\.givenBack) == [2])
    #expect(replies.map(\.issuedThrough) == [3])
    try await expectLedger(harness, held.counter, issued: 3, leased: 0)
    #expect(try await one.coordinator.release([item]).map(\.outcome) == [.already])
    #expect(try await one.lease(2).block.numbers == 4...5)
  }

  func aNewBootExpiresTheLeasesOfTheOldOne(_ harness: any CoordinatorHarness) async throws {
    let old = try await TestProcess.boot("eu-1", on: harness)
    let other = try await TestProcess.boot("us-1", on: harness)
    var held = try await old.lease(100)
    let kept = try await other.lease(10)
    try await old.commit(40, of: &held)
    let new = try await TestProcess.boot("eu-1", on: harness)
    try await expectLedger(harness, held.counter, issued: 40, leased: 10)
    #expect(
      try await old.outcomes(of: held.plan(raisingBy: 1)) == [.closed])
    #expect(try await old.coordinator.renew([]).boot == .superseded)
    #expect(try await old.acquire(needed: 1, wanted: 1).reply.outcome == .superseded)
    #expect(try await old.coordinator.register().boot == .superseded)
    // not even a line for what it had committed
    let line = held.plan(through: 40, lines: [(try block(1, 1), true)])
    #expect(try await old.outcomes(of: line) == [.closed])
    #expect(try await new.coordinator.register().boot == .registered)
    #expect(try await new.lease(5).block.numbers == 41...45)
    #expect(try await other.coordinator.renew([kept.lease]).leases.map(\.outcome) == [.live])
    // the new process cannot go on with the old one's lease
    #expect(
      try await new.outcomes(of: held.plan(raisingBy: 1)) == [.notHolder])
  }

  func renewSaysWhatBecameOfEachLease(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let live = try await one.lease(10)
    let gone = try await one.lease(10)
    #expect(try await one.release(gone).outcome == .released)
    let answer = try await one.coordinator.renew([live.lease, gone.lease])
    #expect(answer.boot == .registered)
    let outcomes = Dictionary(uniqueKeysWithValues: answer.leases.map { ($0.lease, $0.outcome) })
    #expect(outcomes == [live.lease.id: .live, gone.lease.id: .closed])
    let none = try await one.coordinator.renew([])
    #expect(none.boot == .registered)
    #expect(none.leases.isEmpty)
    #expect(!none.drainRequested)
  }
}
