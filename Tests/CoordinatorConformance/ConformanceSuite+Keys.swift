import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// Idempotency keys: one answer on every node, for 24 hours.
extension ConformanceCase {
  func aKeyHasOneAnswerOnEveryNode(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    let first = try await one.lease(2)
    let other = try await two.lease(5)
    let second = try await one.lease(10)
    // a request for five numbers, from two leases
    let request = RequestID(UUID())
    let parts = [
      first.plan(through: 2, asked: [.init(first.block, key: try key("k"), request: request)]),
      second.plan(through: 10, asked: [.init(try block(8, 10), request: request)]),
    ]
    let plan = CommitPlan(
      counter: first.counter, raises: parts.flatMap(\.raises), lines: parts.flatMap(\.lines),
      keys: parts.flatMap(\.keys))
    #expect(try await one.outcomes(of: plan) == [.committed, .committed])
    let owners = [
      owner(try key("unheard-of")),
      owner(try key("k")),
      owner(try key("k", hash: "another request")),
      owner(try key("k"), subject: "somebody else"),
      owner(try key("k", route: "POST /elsewhere")),
    ]
    let used = KeyAnswer.used(first.counter, [first.block, try block(8, 10)])
    for process in [one, two] {
      let answers = try await process.coordinator.resolve(owners)
      #expect(answers == [.unused, used, .reused, .unused, .unused])
    }
    #expect(try await two.coordinator.resolve([]) == [])
    // another subject may use the same key for numbers of its own
    var mine = other
    let asked = TestProcess.Asked(try block(3, 3), subject: "somebody else", key: try key("k"))
    try await two.commit(other.plan(through: 3, asked: [asked]), of: &mine)
    let theirs = KeyAnswer.used(other.counter, [try block(3, 3)])
    #expect(try await one.coordinator.resolve([owners[3], owners[1]]) == [theirs, used])
    try await expectLedger(harness, first.counter, issued: 6, leased: 11)
  }

  func aTakenKeyRefusesOnlyItsRequest(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(10)
    var other = try await two.lease(10)
    let first = TestProcess.Asked(try block(1, 1), key: try key("a"))
    try await one.commit(held.plan(through: 1, asked: [first]), of: &held)
    for hash in ["digest", "another request"] {
      let asked = [
        TestProcess.Asked(try block(11, 11), key: try key("b")),
        TestProcess.Asked(try block(12, 13), key: try key("a", hash: hash)),
        TestProcess.Asked(try block(14, 14)),
      ]
      let answer = try await two.coordinator.commit(other.plan(through: 14, asked: asked))
      #expect(answer.leases.map(\.outcome) == [.notTried])
      #expect(answer.refused == [RefusedRequest(request: asked[1].request, reason: .keyTaken)])
    }
    // nothing of it was done, not even the key of the request that was not refused
    try await expectLedger(harness, held.counter, issued: 1, leased: 19)
    #expect(try await two.coordinator.resolve([owner(try key("b"))]) == [.unused])
    // a lease that is not as the node believes is said first
    var stale = other
    stale.revision += 1
    let again = TestProcess.Asked(try block(11, 11), key: try key("a"))
    let answer = try await two.coordinator.commit(stale.plan(through: 11, asked: [again]))
    #expect(answer.leases.map(\.outcome) == [.unexpected])
    #expect(answer.refused.isEmpty)
    let without = TestProcess.Asked(try block(11, 11), key: try key("b"))
    try await two.commit(other.plan(through: 11, asked: [without]), of: &other)
    try await expectLedger(harness, held.counter, issued: 2, leased: 18)
  }

  func aKeyHoldsForADay(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    let old = TestProcess.Asked(try block(1, 2), key: try key("a"))
    let bystander = TestProcess.Asked(try block(3, 3), key: try key("b"))
    try await one.commit(held.plan(through: 3, asked: [old, bystander]), of: &held)
    let name = owner(try key("a"))
    let later = owner(try key("a", hash: "another request"))
    try await harness.ageKeys(bySeconds: 86_400 - 3_600)
    #expect(
      try await one.coordinator.resolve([name, later])
        == [.used(held.counter, [try block(1, 2)]), .reused])
    #expect(try await one.coordinator.sweepKeys() == 0)
    try await harness.ageKeys(bySeconds: 3_600)
    #expect(try await one.coordinator.resolve([name, later]) == [.unused, .unused])
    // its time is over: another request takes it over
    let new = TestProcess.Asked(try block(4, 4), key: later.key)
    try await one.commit(held.plan(through: 4, asked: [new]), of: &held)
    #expect(
      try await one.coordinator.resolve([name, later])
        == [.reused, .used(held.counter, [try block(4, 4)])])
    // and only what is old is swept
    #expect(try await one.coordinator.sweepKeys() == 1)
    #expect(try await one.coordinator.sweepKeys() == 0)
    #expect(
      try await one.coordinator.resolve([later, owner(try key("b"))])
        == [.used(held.counter, [try block(4, 4)]), .unused])
    try await expectLedger(harness, held.counter, issued: 4, leased: 6)
  }

  func aSweepIsBounded(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(1000)
    var extra = try await one.lease(10)
    for step in 0..<4 {
      let asked = try (step * 250 + 1...step * 250 + 250).map {
        TestProcess.Asked(try block($0, $0), key: try key("\($0)"))
      }
      try await one.commit(held.plan(through: step * 250 + 250, asked: asked), of: &held)
    }
    let asked = try (1001...1010).map {
      TestProcess.Asked(try block($0, $0), key: try key("\($0)"))
    }
    try await one.commit(extra.plan(through: 1010, asked: asked), of: &extra)
    try await harness.ageKeys(bySeconds: 86_400)
    #expect(try await one.coordinator.sweepKeys() == 1_000)
    #expect(try await one.coordinator.sweepKeys() == 10)
    #expect(try await one.coordinator.sweepKeys() == 0)
  }

  func numbersOfAKeyStayIssuedAtARelease(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(10)
    // ten are committed, four of them for a request that nobody waits for any more
    let asked = TestProcess.Asked(try block(3, 6), key: try key("a"))
    try await one.commit(held.plan(through: 10, asked: [asked], handedOut: 0), of: &held)
    let item = ReleaseItem(lease: held.lease, handedOut: 0)
    let replies = try await one.coordinator.release([item])
    #expect(
      replies == [
        ReleaseReply(lease: held.lease.id, outcome: .released, givenBack: 4, issuedThrough: 6)
      ])
    #expect(
      try await two.coordinator.resolve([owner(try key("a"))])
        == [.used(held.counter, [try block(3, 6)])])
    #expect(try await two.lease(2).block.numbers == 7...8)
    #expect(
      try await one.coordinator.release([item])
        == [ReleaseReply(lease: held.lease.id, outcome: .already, givenBack: 0, issuedThrough: 6)])
  }

  private func key(
    _ text: String, hash: String = "digest", route: String = "POST /api/serials/jobs"
  ) throws -> IdempotencyKey {
    try #require(IdempotencyKey(route: route, key: text, requestHash: hash))
  }

  private func owner(_ key: IdempotencyKey, subject: String = "tester") -> KeyOwner {
    KeyOwner(subject: subject, key: key)
  }
}
