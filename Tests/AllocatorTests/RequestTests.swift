import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator
import SerialFormat
import Testing

/// Requests with a key, of a named year, from the reserve; and the drain that an operator asks for.
@Suite(.timeLimit(.minutes(3)))
struct RequestTests {
  private static let names = ["eu-1", "eu-2", "us-1"]
  private static let counter = LeaseCore.Counter(kind: .job, year: 2026)

  private func key(_ text: String, hash: String = "digest") throws -> IdempotencyKey {
    try #require(IdempotencyKey(route: "POST /", key: text, requestHash: hash))
  }

  // MARK: - Keys

  @Test func aHundredRequestsWithOneKeyOnThreeNodesConsumeOneNumber() async throws {
    try await GatedNode.runAll(Self.names) { nodes in
      let key = try key("k")
      let outcomes = await withTaskGroup(of: GatedNode.Outcome.self) { group in
        for index in 0..<100 {
          group.addTask { await nodes[index % 3].ask(key: key) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.compactMap(\.refusal) == [])
      #expect(Set(outcomes.flatMap(\.numbers)).count == 1)
      #expect(outcomes.flatMap(\.numbers).count == 100)
      let replays = try outcomes.filter { try $0.get().isReplay }
      #expect(replays.count == 99, "one of them got it first")
      for node in nodes { try await node.allocator.drain() }
      let entry = try await nodes[0].entry()
      #expect(entry.issued == 1)
      #expect(entry.leased == 0)
    }
  }

  @Test func aKeyIsReplayedOnAnotherNodeAndNotForAnotherRequest() async throws {
    try await GatedNode.runAll(Self.names) { nodes in
      let first = try await nodes[0].ask(3, key: try key("k")).get()
      #expect(!first.isReplay)
      let again = try await nodes[1].ask(3, key: try key("k")).get()
      #expect(again.isReplay)
      #expect(again.blocks == first.blocks)
      #expect(again.counter == first.counter)
      let other = await nodes[2].ask(4, key: try key("k", hash: "another request"))
      #expect(other.refusal == .keyReused)
      let theirs = try await nodes[2].ask(3, subject: "somebody else", key: try key("k")).get()
      #expect(!theirs.isReplay)
      #expect(Set(theirs.blocks).isDisjoint(with: first.blocks))
      #expect(try await nodes[0].entry().issued == 6)
    }
  }

  @Test func whoeverLostTheAnswerGetsItUnderTheKey() async throws {
    try await GatedNode.run(unknownGrace: 20) { node in
      await node.gate.next(.loseReply, of: .commit)
      await node.gate.always(.fail(.notDone), .readBack)
      let lost = await node.ask(2, key: try key("k"))
      #expect(lost.refusal == .outcomeUnknown)
      await node.gate.always(.pass, .readBack)
      let found = try await node.ask(2, key: try key("k")).get()
      #expect(found.isReplay)
      #expect(try await node.entry().issued == 2)
    }
  }

  @Test func aKeyThatLooksUnusedAndIsTakenIsAskedForInTurns() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      _ = try await node.ask(key: try key("k")).get()
      let commits = await node.gate.count(of: .commit)
      let looks = await node.gate.count(of: .resolve)
      // as long as a transaction that takes the key is under way, its key looks unused
      await node.gate.next(.unusedKeys, .unusedKeys, .unusedKeys, of: .resolve)
      #expect(try await node.ask(key: try key("k")).get().isReplay)
      #expect(node.pauses.count(of: 20) == 3, "a pause between two rounds")
      #expect(await node.gate.count(of: .resolve) == looks + 4)
      #expect(await node.gate.count(of: .commit) == commits + 3)
      #expect(try await node.entry().issued == 1)
    }
  }

  @Test func keysThatCannotBeLookedUpRefuseOnlyTheirRequests() async throws {
    let key = try key("k")
    try await GatedNode.run { (node: GatedNode) async throws -> Void in
      await node.gate.next(.fail(.notDone), of: .resolve)
      #expect(await node.ask(key: key).refusal == .coordinatorUnavailable)
      #expect(await node.ask().numbers.count == 1)
      #expect(await node.ask(key: key).numbers.count == 1)
      let issued = try await node.entry().issued
      #expect(issued == 2)
    }
  }

  // MARK: - Records

  private func row(_ name: String) -> String { "{\"name\": \"\(name)\"}" }

  @Test func recordsAreThereWhenTheirNumbersAreAnswered() async throws {
    try await GatedNode.runAll(Self.names) { nodes in
      let outcomes = await withTaskGroup(of: (Int, GatedNode.Outcome).self) { group in
        for index in 0..<60 {
          let rows = (0..<index % 4).map { row("\(index)-\($0)") }
          group.addTask {
            (index, await nodes[index % 3].ask(max(1, rows.count), records: rows))
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.compactMap(\.1.refusal) == [])
      let rows = await nodes[0].ledger.records(of: Self.counter)
      for (index, outcome) in outcomes where index % 4 > 0 {
        #expect(
          outcome.numbers.map { rows[$0] } == (0..<index % 4).map { row("\(index)-\($0)") })
      }
      #expect(rows.count == 15 * (1 + 2 + 3))
    }
  }

  @Test func aBadRecordIsRefusedAndHarmsNobody() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.warmUp()
      let issued = try await node.entry().issued
      await node.gate.next(.hold, of: .commit)
      let held = try await node.begin()
      var others: [Task<GatedNode.Outcome, Never>] = []
      for records in [[row("a")], ["{}"], [row("b"), row("c")]] {
        others.append(try await node.begin(records.count, records: records))
      }
      await node.gate.open(.commit)
      #expect(await held.value.numbers.count == 1)
      #expect(await others[0].value.numbers.count == 1)
      #expect(await others[2].value.numbers.count == 2)
      let bad = await others[1].value
      #expect(bad.refusal == .recordRefused)
      if case .failure(let error) = bad { #expect(error.detail.contains("name")) }
      #expect(try await node.entry().issued == issued + 4)
      #expect(await node.ledger.records(of: Self.counter).count == 3)
    }
  }

  @Test func recordsThatFitNoStatementAreRefusedBefore() async throws {
    try await GatedNode.run { node in
      for (count, rows) in [(2, [row("a")]), (1, [row("a"), row("b")]), (1, ["a\u{0}"])] {
        #expect(await node.ask(count, records: rows).refusal == .invalidRequest)
      }
      #expect(await node.gate.count(of: .commit) == 0)
    }
  }

  @Test func recordsUnderAKeyAreInsertedOnceWhateverGetsLost() async throws {
    try await GatedNode.run(unknownGrace: 20) { node in
      await node.gate.next(.loseReply, of: .commit)
      await node.gate.always(.fail(.notDone), .readBack)
      let rows = [row("a"), row("b")]
      let lost = await node.ask(2, key: try key("k"), records: rows)
      #expect(lost.refusal == .outcomeUnknown)
      await node.gate.always(.pass, .readBack)
      let found = try await node.ask(2, key: try key("k"), records: rows).get()
      #expect(found.isReplay)
      let numbers = found.blocks.flatMap(\.numbers)
      #expect(
        await node.ledger.records(of: Self.counter) == [numbers[0]: rows[0], numbers[1]: rows[1]])
      // nobody else is ever given them
      let next = await node.ask(5)
      #expect(Set(next.numbers).isDisjoint(with: numbers))
      #expect(try await node.entry().issued == 7)
    }
  }

  @Test func aStatementThatIsRejectedIsSentAgainOneByOne() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.warmUp()
      let before = await node.gate.count(of: .commit)
      await node.gate.next(.hold, .fail(.rejected), .pass, .fail(.rejected), of: .commit)
      let held = try await node.begin()
      var others: [Task<GatedNode.Outcome, Never>] = []
      for records in [[row("a")], [], [row("b")]] {
        others.append(try await node.begin(records: records))
      }
      await node.gate.open(.commit)
      _ = await held.value
      var refusals: [AllocationError.Code?] = []
      for other in others { refusals.append(await other.value.refusal) }
      #expect(refusals == [.coordinatorUnavailable, nil, nil])
      #expect(await node.gate.count(of: .commit) == before + 5)
      #expect(Array(await node.ledger.records(of: Self.counter).values) == [row("b")])
    }
  }

  // MARK: - Quotas

  @Test func aUsedUpQuotaIsSaidWithItsTime() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.ledger.setQuota(of: "limited", perMinute: 2, perYear: nil, by: "a")
      #expect(await node.ask(2, subject: "limited").numbers.count == 2)
      let refused = await node.ask(subject: "limited")
      #expect(refused.refusal == .quotaExceeded)
      if case .failure(let error) = refused {
        #expect((1...60).contains(error.retryAfterSeconds ?? 0))
      }
      #expect(await node.ask(2).numbers.count == 2)
      #expect(try await node.entry().issued == 4)
    }
  }

  // MARK: - Named years and the reserve

  @Test func anAdministratorMayNameAYear() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      for year in [2025, 2027] {
        let allocation = try await node.ask(2, year: year).get()
        #expect(allocation.counter == LeaseCore.Counter(kind: .job, year: year))
        #expect(allocation.blocks.flatMap(\.numbers) == [1, 2])
      }
      #expect(await node.ask(year: 2028).refusal == .invalidRequest)
      #expect(await node.ask(year: 1999).refusal == .invalidRequest)
      #expect(try await node.ask().get().counter == Self.counter)
      try await node.allocator.drain()
      let entries = try await node.ledger.ledger().filter { $0.counter.kind == .job }
      #expect(entries.map(\.counter.year) == [2025, 2026, 2027])
      #expect(entries.map(\.issued) == [2, 1, 2])
      #expect(entries.allSatisfy { $0.leased == 0 })
    }
  }

  @Test func theReserveIsLeftToAdministrators() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.ledger.setReserve(Capacity.counter - 5, of: Self.counter, by: "a")
      #expect(await node.ask(5).numbers == [1, 2, 3, 4, 5])
      let refused = await node.ask()
      #expect(refused.refusal == .reserveOnly)
      #expect(await node.ask(3, mayUseReserve: true).numbers == [6, 7, 8])
      #expect(await node.ask().refusal == .reserveOnly)
      try await node.allocator.drain()
      let entry = try await node.entry()
      #expect(entry.issued == 8)
      #expect(entry.leased == 0)
    }
  }

  // MARK: - Drain

  @Test func aDrainThatAnOperatorAsksForGivesEverythingBack() async throws {
    try await GatedNode.runAll(
      ["eu-1"], commitAhead: CommitAhead(floor: 5, largest: 0)
    ) { nodes in
      let node = nodes[0]
      #expect(await node.ask(3).numbers == [1, 2, 3])
      #expect(await node.ask(2).numbers == [4, 5], "from what lies ahead")
      #expect(try await node.ledger.drain(node: "eu-1", by: "a") == .done)
      try await node.become(.draining)
      #expect(await node.ask().refusal == .draining)
      try await node.allocator.drain()
      let entry = try await node.entry()
      #expect(entry.issued == 5)
      #expect(entry.leased == 0)
      let last = try await node.ledger.number(5, of: Self.counter)
      #expect(last.subject == "tester", "what was handed out ahead was reported first")
    }
  }
}
