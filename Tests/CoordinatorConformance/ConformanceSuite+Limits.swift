import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// Fair use: quotas, the reserve, the freeze switch, named years.
extension ConformanceCase {
  func aMinuteQuotaRefusesAloneAndCountsExactly(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let start = try await one.lease(1000)
    let (held, subject, answers) = try await withinOneMinute { attempt in
      var held = attempt == 0 ? start : try await one.lease(1000)
      let subject = "limited-\(attempt)"
      let first = held.block.first
      try await harness.operating.setQuota(
        of: subject, perMinute: 5, perYear: nil, by: "administrator")
      // two fit, four more do not, three do; the others are not asked
      let asked = [
        TestProcess.Asked(try block(first, first + 1), subject: subject),
        TestProcess.Asked(try block(first + 2, first + 5), subject: subject),
        TestProcess.Asked(try block(first + 6, first + 8), subject: subject),
        TestProcess.Asked(try block(first + 9, first + 18)),
      ]
      let refused = try await one.coordinator.commit(held.plan(through: first + 18, asked: asked))
      #expect(refused.leases.map(\.outcome) == [.notTried])
      #expect(refused.refused.map(\.request) == [asked[1].request])
      let good = [
        TestProcess.Asked(try block(first, first + 1), subject: subject),
        TestProcess.Asked(try block(first + 2, first + 4), subject: subject),
        TestProcess.Asked(try block(first + 5, first + 14)),
      ]
      let plan = held.plan(through: first + 14, asked: good)
      let done = try await one.coordinator.commit(plan)
      held.committedThrough = first + 14
      held.revision += 1
      let more = TestProcess.Asked(try block(first + 15, first + 15), subject: subject)
      let full = try await one.coordinator.commit(held.plan(through: first + 15, asked: [more]))
      let listed = try await harness.reading.quotas().first { $0.subject == subject }
      return (held, subject, (refused, done, full, listed))
    }
    let (refused, done, full, listed) = answers
    for answer in [refused, full] {
      #expect(answer.refused.map(\.reason) == [.quotaExceeded])
      #expect(answer.refused.allSatisfy { (1...60_000).contains($0.retryMilliseconds) })
    }
    #expect(done.leases.map(\.outcome) == [.committed])
    #expect(full.leases.map(\.outcome) == [.notTried])
    #expect(
      listed
        == QuotaEntry(
          subject: subject, perMinute: 5, perYear: nil, usedThisMinute: 5, usedThisYear: 5))
    // without the quota it goes on
    try await harness.operating.setQuota(
      of: subject, perMinute: nil, perYear: nil, by: "administrator")
    #expect(try await !harness.reading.quotas().contains { $0.subject == subject })
    var free = held
    try await one.commit(held.plan(raisingBy: 100, subject: subject), of: &free)
  }

  func aYearQuotaLastsUntilTheYearEnds(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(100)
    try await one.commit(held.plan(raisingBy: 4, subject: "limited"), of: &held)
    try await harness.operating.setQuota(
      of: "limited", perMinute: 50, perYear: 7, by: "administrator")
    // the four from before the quota count
    let answer = try await one.coordinator.commit(held.plan(raisingBy: 4, subject: "limited"))
    #expect(answer.refused.map(\.reason) == [.quotaExceeded])
    #expect(answer.refused.allSatisfy { $0.retryMilliseconds > 0 })
    try await one.commit(held.plan(raisingBy: 3, subject: "limited"), of: &held)
    let full = try await one.coordinator.commit(held.plan(raisingBy: 1, subject: "limited"))
    #expect(full.refused.map(\.reason) == [.quotaExceeded])
    try await one.commit(held.plan(raisingBy: 1, subject: "somebody else"), of: &held)
    let listed = try await harness.reading.quotas()
    #expect(listed.map(\.subject) == ["limited"])
    #expect(listed.map(\.usedThisYear) == [7])
    #expect(listed.map(\.perYear) == [7])
    try await expectLedger(harness, held.counter, issued: 8, leased: 92)
  }

  func whatWasDeliveredCountsAndIsNeverRefused(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(100)
    try await harness.operating.setQuota(
      of: "limited", perMinute: nil, perYear: 6, by: "administrator")
    try await one.commit(held.plan(through: 10, asked: []), of: &held)
    let delivered = TestProcess.Asked(try block(1, 5), subject: "limited", delivered: true)
    try await one.commit(held.plan(through: 10, asked: [delivered], handedOut: 5), of: &held)
    #expect(try await harness.reading.quotas().map(\.usedThisYear) == [5])
    // a report counts before a request of the same statement, and is refused with it
    let report = TestProcess.Asked(try block(6, 7), subject: "limited", delivered: true)
    let asked = TestProcess.Asked(try block(11, 11), subject: "limited")
    let both = held.plan(through: 11, asked: [report, asked], handedOut: 7)
    let answer = try await one.coordinator.commit(both)
    #expect(answer.refused.map(\.request) == [asked.request])
    try await one.commit(held.plan(through: 10, asked: [report], handedOut: 7), of: &held)
    #expect(try await harness.reading.quotas().map(\.usedThisYear) == [7])
  }

  func aTakenKeyIsSaidBeforeAQuota(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(100)
    let key = try #require(IdempotencyKey(route: "POST /", key: "k", requestHash: "digest"))
    let first = TestProcess.Asked(try block(1, 3), subject: "limited", key: key)
    try await one.commit(held.plan(through: 3, asked: [first]), of: &held)
    try await harness.operating.setQuota(
      of: "limited", perMinute: nil, perYear: 3, by: "administrator")
    let again = TestProcess.Asked(try block(4, 6), subject: "limited", key: key)
    let answer = try await one.coordinator.commit(held.plan(through: 6, asked: [again]))
    #expect(answer.refused == [RefusedRequest(request: again.request, reason: .keyTaken)])
  }

  func theReserveIsForAdministrators(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    let counter = try await runningCounter(harness, .job)
    let reserve = Capacity.counter - 5
    try await harness.operating.setReserve(reserve, of: counter, by: "administrator")
    #expect(try await ledger(harness, of: counter).reserve == reserve)
    let (reply, held) = try await one.acquire(needed: 10, wanted: 10)
    #expect(held.map(\.block.numbers) == [1...5])
    #expect(reply.free == 0)
    #expect(reply.reserved == reserve)
    let (none, nothing) = try await two.acquire(needed: 1, wanted: 1)
    #expect(none.outcome == .none)
    #expect(nothing.isEmpty)
    #expect(none.free == 0)
    #expect(none.reserved == reserve)
    #expect(none.leasedElsewhere == 5)
    // what others hold above the reserve is asked back, and not by who may take the reserve
    #expect(try await harness.reading.leases().map { $0.recalledAt != nil } == [true])
    let stream = IssueStream(kind: .job, usesReserve: true)
    let (all, kept) = try await two.acquire(stream, needed: 10, wanted: 10)
    #expect(all.outcome == .granted)
    #expect(kept.map(\.block.numbers) == [6...15])
    #expect(all.free == reserve - 10)
    #expect(all.reserved == 0)
    var mine = try #require(kept.first)
    try await two.commit(10, of: &mine)
    try await harness.operating.setReserve(0, of: counter, by: "administrator")
    #expect(try await one.lease(1).block.first == 16)
  }

  func aFrozenCounterTakesReportsAndNothingElse(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let target = try await runningCounter(harness, .target)
    try await harness.operating.freeze(target, true, reason: "a test", by: "administrator")
    #expect(try await one.acquire(.target, needed: 1, wanted: 1).reply.outcome == .frozen)
    var held = try await one.lease(10)
    try await one.commit(held.plan(through: 5, asked: []), of: &held)
    try await harness.operating.freeze(held.counter, true, reason: "a test", by: "administrator")
    #expect(try await ledger(harness, of: held.counter).frozen)
    let (reply, none) = try await one.acquire(needed: 1, wanted: 1)
    #expect(reply.outcome == .frozen)
    #expect(none.isEmpty)
    #expect(try await one.outcomes(of: held.plan(raisingBy: 1)) == [.frozen])
    // neither are numbers that lie committed ahead given to anybody new
    let new = TestProcess.Asked(try block(2, 2))
    #expect(
      try await one.outcomes(of: held.plan(through: 5, asked: [new], handedOut: 2)) == [.frozen])
    let report = TestProcess.Asked(try block(1, 1), delivered: true)
    try await one.commit(held.plan(through: 5, asked: [report], handedOut: 1), of: &held)
    try await one.commit(held.plan(through: 5, asked: [], handedOut: 1), of: &held)
    try await harness.operating.freeze(held.counter, false, reason: "a test", by: "administrator")
    #expect(try await !ledger(harness, of: held.counter).frozen)
    try await one.commit(1, of: &held)
    _ = try await one.lease(1)
  }

  func anAdministratorMayNameAYear(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let running = try await one.lease(1).counter.year
    for year in [running - 1, running + 1, 2000] {
      var held = try await one.lease(10, IssueStream(kind: .job, namedYear: year))
      #expect(held.counter == Counter(kind: .job, year: year))
      #expect(held.block.numbers == 1...10)
      try await one.commit(3, of: &held)
      try await expectLedger(harness, held.counter, issued: 3, leased: 7)
    }
    for year in [running + 2, 1999] {
      let stream = IssueStream(kind: .job, namedYear: year)
      let refused = await #expect(throws: CoordinatorError.self) {
        try await one.acquire(stream, needed: 1, wanted: 1)
      }
      #expect(refused?.code == .rejected, "\(year)")
    }
    let years = try await harness.reading.ledger().filter { $0.counter.kind == .job }
    #expect(years.map(\.counter.year) == Set([2000, running - 1, running, running + 1]).sorted())
  }

  /// Repeats an attempt that the turn of a minute may have cut in two.
  private func withinOneMinute<Value>(_ attempt: (Int) async throws -> Value) async throws
    -> Value
  {
    func minute() -> Int { Int(Date().timeIntervalSince1970 / 60) }
    for number in 0..<10 {
      let before = minute()
      let value = try await attempt(number)
      if minute() == before { return value }
    }
    throw ConformanceFailure(detail: "every attempt met the turn of a minute")
  }
}
