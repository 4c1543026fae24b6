import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// What can be read of it: gaps, events, history.
extension ConformanceCase {
  func gapsListWhatIsNeitherFreeNorRecorded(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    // 1...4 issued, 5...6 ahead, 7...10 leased; 11...13 issued, 14...15 never acknowledged
    var held = try await one.lease(10)
    let asked = [
      TestProcess.Asked(try block(1, 3)), TestProcess.Asked(try block(4, 4), subject: "other"),
    ]
    try await one.commit(held.plan(through: 6, asked: asked), of: &held)
    var lost = try await two.lease(10)
    let one3 = TestProcess.Asked(try block(11, 13))
    try await two.commit(lost.plan(through: 15, asked: [one3]), of: &lost)
    try await harness.expireLeases(of: "us-1")
    #expect(try await one.coordinator.reapExpired() == 1)
    #expect(
      try await harness.operating.void(
        try block(20, 22), of: held.counter, reason: "torn label", by: "administrator") == .done(3))
    var target = try await one.lease(5, .target)
    try await one.commit(2, of: &target)

    let all = try await gaps(harness, limit: 1000)
    var found: [Int: GapEntry] = [:]
    for gap in all where gap.counter == held.counter {
      for number in gap.block.numbers { #expect(found.updateValue(gap, forKey: number) == nil) }
    }
    let states: [(ClosedRange<Int>, GapEntry.State, String?)] = [
      (1...4, .issued, "eu-1"), (5...6, .committedAhead, "eu-1"), (7...10, .leased, "eu-1"),
      (11...13, .issued, "us-1"), (14...15, .unacknowledged, "us-1"), (20...22, .void, nil),
    ]
    #expect(found.keys.sorted() == states.flatMap { Array($0.0) })
    for (numbers, state, node) in states {
      for number in numbers {
        #expect(found[number]?.state == state, "\(number)")
        if let node { #expect(found[number]?.node == node, "\(number)") }
        #expect(found[number]?.at != nil, "\(number)")
      }
    }
    #expect(found[3]?.subject == "tester")
    #expect(found[3]?.requestID == asked[0].request)
    #expect(found[4]?.subject == "other")
    #expect(found[7]?.lease == held.lease.id)
    #expect(found[21]?.reason == "torn label")
    #expect(found[14]?.subject == nil)
    #expect(all.filter { $0.counter.kind == .target }.flatMap(\.block.numbers) == Array(1...5))
    // in order, and the same in small steps
    #expect(all.map(Place.init) == all.map(Place.init).sorted())
    #expect(try await gaps(harness, limit: 1) == all)
    #expect(try await gaps(harness, limit: 2) == all)
    // of one counter
    let query = GapQuery(
      kind: .target, year: target.counter.year, after: nil, limit: 1000)
    #expect(
      try await harness.reading.gaps(query) == all.filter { $0.counter == target.counter })
  }

  private struct Place: Comparable {
    let counter: Counter
    let first: Int

    init(_ gap: GapEntry) {
      counter = gap.counter
      first = gap.block.first
    }

    static func < (left: Place, right: Place) -> Bool {
      (left.counter, left.first) < (right.counter, right.first)
    }
  }

  /// All gaps, in pages.
  private func gaps(_ harness: any CoordinatorHarness, limit: Int) async throws -> [GapEntry] {
    var all: [GapEntry] = []
    while true {
      let after = all.last.map { GapQuery.Place(counter: $0.counter, number: $0.block.first) }
      let page = try await harness.reading.gaps(
        GapQuery(kind: nil, year: nil, after: after, limit: limit))
      #expect(page.count <= limit)
      all += page
      if page.count < limit { return all }
    }
  }

  func eventsArePagedWithoutLoss(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    try await one.commit(2, of: &held)
    let before = try await events(harness, endingWith: "granted")
    let middle = try #require(before.last?.cursor)
    let operating = try await harness.operating
    let by = "administrator"
    #expect(
      try await operating.void(try block(1, 1), of: held.counter, reason: "r", by: by)
        == .leased(1, node: "eu-1"))
    #expect(try await one.release(held).outcome == .released)
    let expiring = try await one.lease(10)
    try await harness.expireLeases(of: "eu-1")
    #expect(try await one.coordinator.reapExpired() == 1)
    _ = try await operating.void(try block(1, 1), of: held.counter, reason: "r", by: by)
    _ = try await operating.unvoid(try block(1, 1), of: held.counter, reason: "r", by: by)
    try await operating.freeze(held.counter, true, reason: "r", by: by)
    try await operating.freeze(held.counter, false, reason: "r", by: by)
    try await operating.setReserve(3, of: held.counter, by: by)
    try await operating.setQuota(of: "s", perMinute: 1, perYear: nil, by: by)
    try await operating.setQuota(of: "s", perMinute: nil, perYear: nil, by: by)
    _ = try await operating.drain(node: "eu-1", by: by)
    let new = try await TestProcess.boot("eu-1", on: harness)
    _ = try await operating.retire(node: "us-1", reason: "r", by: by)

    let all = try await events(harness, endingWith: "node-retired")
    #expect(all.map(\.cursor) == all.map(\.cursor).sorted())
    #expect(Set(all.map(\.id)).count == all.count)
    for limit in [1, 3, 7] {
      #expect(try await events(harness, limit: limit) == all, "in pages of \(limit)")
    }
    let since = try await events(harness, after: middle, limit: 4)
    #expect(before + since == all)
    let expected = [
      "recalled", "released", "granted", "expired", "voided", "unvoided", "frozen", "unfrozen",
      "reserve-set", "quota-set", "quota-removed", "drain-requested", "boot", "node-retired",
    ]
    #expect(since.map(\.event).filter(expected.contains) == expected)
    let expired = try await events(harness, limit: 1, event: "expired")
    #expect(expired.map(\.lease) == [expiring.lease.id])
    #expect(expired.map(\.block) == [expiring.block])
    #expect(expired.map(\.counter) == [expiring.counter])
    let boots = try await events(harness, limit: 2, event: "boot", node: "eu-1")
    #expect(boots.map(\.bootID) == [one.boot, new.boot])
  }

  /// All events, as soon as the last one is shown: what was written after the start of a transaction
  /// that is still running, of whatever database of the server, is held back until that has ended.
  private func events(
    _ harness: any CoordinatorHarness, endingWith event: String
  ) async throws -> [EventEntry] {
    while true {
      let all = try await events(harness, limit: 1000)
      if all.last?.event == event { return all }
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  /// Events in pages, until a page is empty.
  private func events(
    _ harness: any CoordinatorHarness, after: EventCursor = .start, limit: Int,
    event: String? = nil, node: String? = nil
  ) async throws -> [EventEntry] {
    var all: [EventEntry] = []
    while true {
      let page = try await harness.reading.events(
        EventQuery(after: all.last?.cursor ?? after, limit: limit, event: event, node: node))
      #expect(page.count <= limit)
      guard !page.isEmpty else { return all }
      all += page
    }
  }

  func theHistoryCountsNumbersOnce(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(100)
    try await one.commit(30, of: &held)
    let again = held.plan(
      through: 35, lines: [(try block(29, 30), true), (try block(31, 35), false)], handedOut: 28)
    try await one.commit(again, of: &held)
    var target = try await one.lease(100, .target)
    try await one.commit(7, of: &target)
    let days = try await harness.reading.history()
    // midnight may pass meanwhile
    #expect(days.allSatisfy { (0...1).contains($0.daysAgo) && $0.numbers > 0 })
    for (counter, numbers) in [(held.counter, 35), (target.counter, 7)] {
      let own = days.filter { $0.counter == counter }
      #expect(own.reduce(0) { $0 + $1.numbers } == numbers)
    }
  }
}
