import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// Records: rows that a commit inserts, or says why not.
extension ConformanceCase {
  func recordsAreInsertedWithTheirNumbers(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    for kind in CounterKind.allCases {
      var held = try await one.lease(10, kind)
      let first = held.block.first
      let asked = [
        TestProcess.Asked(try block(first, first + 1), records: [row("a", kind), row("b", kind)]),
        TestProcess.Asked(try block(first + 2, first + 2)),
        TestProcess.Asked(try block(first + 3, first + 3), records: [row("d", kind)]),
      ]
      var stale = held
      stale.revision += 1
      let refused = try await one.outcomes(of: stale.plan(through: first + 3, asked: asked))
      #expect(refused == [.unexpected])
      #expect(try await harness.recordNames(of: held.counter) == [:])
      try await one.commit(held.plan(through: first + 3, asked: asked), of: &held)
      #expect(
        try await harness.recordNames(of: held.counter)
          == [first: "a", first + 1: "b", first + 3: "d"])
      try await expectLedger(harness, held.counter, issued: 4, leased: 6)
      // what a record carries is no gap
      #expect(try await one.release(held).outcome == .released)
      let gaps = try await harness.reading.gaps(
        GapQuery(kind: kind, year: held.counter.year, after: nil, limit: 10))
      #expect(gaps.map(\.block) == [try block(first + 2, first + 2)])
    }
  }

  /// Whatever the order of its lines is: the first row is that of the lowest number.
  func rowsFollowTheNumbersInAscendingOrder(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let low = try await one.lease(3)
    let high = try await one.lease(3)
    let request = RequestID(UUID())
    let parts = [
      high.plan(
        through: high.block.first + 1,
        asked: [.init(try block(high.block.first, high.block.first + 1), request: request)]),
      low.plan(through: 1, asked: [.init(try block(1, 1), request: request)]),
    ]
    let plan = CommitPlan(
      counter: low.counter, raises: parts.flatMap(\.raises), lines: parts.flatMap(\.lines),
      records: [RecordClaim(request: request, rows: ["a", "b", "c"].map { row($0) })])
    #expect(try await one.outcomes(of: plan) == [.committed, .committed])
    #expect(try await harness.recordNames(of: low.counter) == [1: "a", 4: "b", 5: "c"])
  }

  func aBadRecordRefusesOnlyItsRequest(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(20)
    let bad: [(row: String, says: String)] = [
      ("{\"name\": \"a\"", "JSON"), ("", "JSON"), ("[\"name\"]", "object"), ("7", "object"),
      ("{\"description\": \"a\"}", "name"), ("{\"name\": null}", "name"),
      ("{\"name\": \"a\", \"job_serial\": \"J202600001\"}", "job_serial"),
      ("{\"name\": \"a\", \"job_type\": \"nonsense\"}", "job_type"),
      ("{\"name\": \"a\", \"created_by\": 999999}", "created_by"),
    ]
    for (index, sample) in bad.enumerated() {
      let asked = [
        TestProcess.Asked(try block(1, 1), records: [row("good")]),
        TestProcess.Asked(try block(2, 2), records: [sample.row]),
        TestProcess.Asked(try block(3, 3)),
      ]
      let answer = try await one.coordinator.commit(held.plan(through: 3, asked: asked))
      #expect(answer.leases.map(\.outcome) == [.notTried], "\(index)")
      #expect(answer.refused.map(\.request) == [asked[1].request], "\(index)")
      #expect(answer.refused.map(\.reason) == [.recordRefused], "\(index)")
      #expect(answer.refused.first?.detail?.contains(sample.says) == true, "\(answer.refused)")
    }
    // nothing of it was done; without the bad one the others are
    try await expectLedger(harness, held.counter, issued: 0, leased: 20)
    #expect(try await harness.recordNames(of: held.counter) == [:])
    let asked = [
      TestProcess.Asked(try block(1, 1), records: [row("good")]),
      TestProcess.Asked(try block(2, 2)),
    ]
    try await one.commit(held.plan(through: 2, asked: asked), of: &held)
    #expect(try await harness.recordNames(of: held.counter) == [1: "good"])
  }

  func severalRecordsAreAllOrNothing(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    let bad = TestProcess.Asked(
      try block(1, 3),
      records: [row("a"), "{\"name\": \"b\", \"created_by\": 999999}", row("c")])
    let answer = try await one.coordinator.commit(held.plan(through: 3, asked: [bad]))
    #expect(answer.refused.map(\.request) == [bad.request])
    #expect(answer.refused.first?.detail?.contains("record 2") == true, "\(answer.refused)")
    #expect(try await harness.recordNames(of: held.counter) == [:])
    try await expectLedger(harness, held.counter, issued: 0, leased: 10)
    let good = TestProcess.Asked(try block(1, 3), records: ["a", "b", "c"].map { row($0) })
    try await one.commit(held.plan(through: 3, asked: [good]), of: &held)
    #expect(try await harness.recordNames(of: held.counter) == [1: "a", 2: "b", 3: "c"])
  }

  func aRecordIsForEachNumber(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let held = try await one.lease(10)
    for rows in [["a"], ["a", "b", "c"]] {
      let asked = TestProcess.Asked(try block(1, 2), records: rows.map { row($0) })
      let refused = await #expect(throws: CoordinatorError.self) {
        try await one.coordinator.commit(held.plan(through: 2, asked: [asked]))
      }
      #expect(refused?.code == .rejected)
    }
    #expect(try await harness.recordNames(of: held.counter) == [:])
    try await expectLedger(harness, held.counter, issued: 0, leased: 10)
  }

  func aKeyWithRecordsIsReplayed(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(10)
    let key = try #require(IdempotencyKey(route: "POST /", key: "k", requestHash: "digest"))
    let first = TestProcess.Asked(try block(1, 2), key: key, records: [row("a"), row("b")])
    try await one.commit(held.plan(through: 2, asked: [first]), of: &held)
    let owner = KeyOwner(subject: "tester", key: key)
    #expect(
      try await two.coordinator.resolve([owner]) == [.used(held.counter, [try block(1, 2)])])
    let again = TestProcess.Asked(try block(3, 4), key: key, records: [row("c"), row("d")])
    let answer = try await one.coordinator.commit(held.plan(through: 4, asked: [again]))
    #expect(answer.refused == [RefusedRequest(request: again.request, reason: .keyTaken)])
    #expect(try await harness.recordNames(of: held.counter) == [1: "a", 2: "b"])
    // a key whose records are refused is not taken
    let other = try #require(IdempotencyKey(route: "POST /", key: "o", requestHash: "digest"))
    let bad = TestProcess.Asked(try block(3, 3), key: other, records: ["{}"])
    let refused = try await one.coordinator.commit(held.plan(through: 3, asked: [bad]))
    #expect(refused.refused.map(\.reason) == [.recordRefused])
    #expect(
      try await two.coordinator.resolve([KeyOwner(subject: "tester", key: other)]) == [.unused])
  }

  func aRecordedNumberGetsNoNewRecipient(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    try await one.commit(4, of: &held)
    try await harness.insertRecord("theirs", number: 2, of: held.counter)
    let asked = [
      TestProcess.Asked(try block(1, 3), again: true), TestProcess.Asked(try block(5, 5)),
    ]
    let answer = try await one.coordinator.commit(held.plan(through: 5, asked: asked, handedOut: 0))
    #expect(answer.recorded == [RecordedNumber(lease: held.lease.id, number: 2)])
    #expect(answer.refused == [])
    #expect(answer.leases.map(\.outcome) == [.notTried])
    try await expectLedger(harness, held.counter, issued: 4, leased: 6)
    // without it the others are handed out, with records and without
    let others = [
      TestProcess.Asked(try block(1, 1), again: true, records: [row("ours")]),
      TestProcess.Asked(try block(3, 3), again: true),
    ]
    try await one.commit(held.plan(through: 4, asked: others, handedOut: 0), of: &held)
    #expect(try await harness.recordNames(of: held.counter) == [1: "ours", 2: "theirs"])
  }

  func aNumberWithARecordIsNotInsertedAgain(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    try await one.commit(2, of: &held)
    try await harness.insertRecord("theirs", number: 2, of: held.counter)
    let asked = [
      TestProcess.Asked(try block(2, 2), again: true, records: [row("ours")]),
      TestProcess.Asked(try block(3, 3), records: [row("bad", user: 999_999)]),
    ]
    // both are said at once
    let answer = try await one.coordinator.commit(held.plan(through: 3, asked: asked, handedOut: 0))
    #expect(answer.recorded == [RecordedNumber(lease: held.lease.id, number: 2)])
    #expect(answer.refused.map(\.request) == [asked[1].request])
    #expect(try await harness.recordNames(of: held.counter) == [2: "theirs"])
  }

  func anUnmigratedRegistryTakesNoRecords(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    var held = try await one.lease(10)
    try await harness.setRegistryReady(false)
    let asked = TestProcess.Asked(try block(1, 2), records: [row("a"), row("b")])
    let answer = try await one.coordinator.commit(held.plan(through: 2, asked: [asked]))
    #expect(answer.refused.map(\.request) == [asked.request])
    #expect(answer.refused.map(\.reason) == [.recordRefused])
    #expect(answer.refused.first?.detail?.contains("migrate-legacy") == true)
    // numbers alone it does not concern, nor those that get a recipient anew
    let plain = TestProcess.Asked(try block(1, 1))
    try await one.commit(held.plan(through: 1, asked: [plain]), of: &held)
    let again = TestProcess.Asked(try block(1, 1), again: true)
    try await one.commit(held.plan(through: 1, asked: [again], handedOut: 0), of: &held)
    try await harness.setRegistryReady(true)
    let late = TestProcess.Asked(try block(2, 3), records: [row("a"), row("b")])
    try await one.commit(held.plan(through: 3, asked: [late]), of: &held)
    #expect(try await harness.recordNames(of: held.counter) == [2: "a", 3: "b"])
  }

  private func row(_ name: String, _ kind: CounterKind = .job) -> String {
    switch kind {
    case .job: "{\"name\": \"\(name)\", \"job_type\": \"script\", \"description\": null}"
    case .target: "{\"name\": \"\(name)\", \"os_type\": \"linux\"}"
    }
  }

  private func row(_ name: String, user: Int) -> String {
    "{\"name\": \"\(name)\", \"created_by\": \(user)}"
  }
}
