import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator
import SerialFormat
import Testing

/// What a node tells a coordinator that may have forgotten something, and what it writes down
/// before it acts on it (design section 5).
@Suite(.timeLimit(.minutes(1)))
struct ReportTests {
  private static func earlier(_ first: Int, _ last: Int) throws -> Grant {
    Grant(
      lease: LeaseID(UUID()), boot: BootID(UUID()), counter: Counter(kind: .job, year: 2026),
      block: try #require(Block(first: first, last: last)))
  }

  // MARK: - When it reports

  @Test func aNodeReportsBeforeItAsksForAnything() async throws {
    let grant = try Self.earlier(1, 100)
    try await ScriptedNode.run { journal, _ in
      await journal.remember([grant], by: ScriptedNode.facts, through: [grant.lease: 40])
    } _: { node in
      await node.isReady()
      _ = try await node.ask()
      #expect(await node.coordinator.calls.prefix(3) == ["register", "report", "acquire"])
      let report = try #require(await node.coordinator.reports.first)
      #expect(report.generation == 1)
      #expect(report.suspicion == nil)
      #expect(report.holdings.map(\.lease) == [grant.lease])
      #expect(report.holdings.map(\.issuedThrough) == [40])
      await node.renewals(5)
      #expect(await node.coordinator.reports.count == 1, "once for a generation")
    }
  }

  @Test func nothingIsAskedForUntilTheReportIsTaken() async throws {
    try await ScriptedNode.run { _, coordinator in
      for _ in 0..<5 { await coordinator.failReport(.unavailable) }
    } _: { node in
      _ = await node.reports(3)
      #expect(await node.refusal()?.code == .coordinatorUnavailable)
      await node.isReady()
      _ = try await node.ask()
      let calls = await node.coordinator.calls
      let firstAcquire = try #require(calls.firstIndex(of: "acquire"))
      #expect(calls[..<firstAcquire].filter { $0 == "report" }.count == 6)
    }
  }

  @Test func aNewGenerationIsReportedOnce() async throws {
    try await ScriptedNode.run { node in
      await node.isReady()
      await node.coordinator.say(generation: 2, open: false)
      let reports = await node.reports(2)
      #expect(reports.map(\.generation) == [1, 2])
      #expect(reports.map(\.suspicion) == [nil, nil])
      await node.renewals(5)
      #expect(await node.coordinator.reports.count == 2)
      #expect(await node.allocator.readiness() == .ready)
    }
  }

  /// Such a number is not in the report, and the coordinator that answers now may not know of it.
  @Test func anAnswerThatComesAfterAReportProvesNothing() async throws {
    try await ScriptedNode.run { node in
      await node.isReady()
      await node.coordinator.holdAnswers()
      let asked = Task { try await node.ask() }
      await node.until { await node.coordinator.heldAnswers == 1 }
      await node.coordinator.say(generation: 2)
      _ = await node.reports(2)
      await node.coordinator.letAnswersGo()
      let numbers = try await asked.value
      #expect(numbers == [1])
      #expect(await node.coordinator.calls.contains("readBack"))
    }
  }

  @Test func aReportForAGenerationThatIsOverIsRepeated() async throws {
    try await ScriptedNode.run { node in
      await node.isReady()
      await node.coordinator.answer(.again, generation: 5)
      await node.coordinator.say(generation: 4)
      let reports = await node.reports(3)
      #expect(reports.map(\.generation) == [1, 4, 5])
      await node.renewals(5)
      #expect(await node.coordinator.reports.count == 3)
    }
  }

  @Test(arguments: [
    (HoldingsReport.Suspicion.otherSystem, "two", 1, UInt64(200)),
    (.newTimeline, "one", 2, 200), (.newTimeline, "one", 0, 200),
    (.positionBehind, "one", 1, 99),
  ])
  func aCoordinatorThatIsNotWhatItWasIsTold(
    suspicion: HoldingsReport.Suspicion, system: String, timeline: Int, position: UInt64
  ) async throws {
    // at a renewal
    try await ScriptedNode.run { node in
      await node.isReady()
      await node.coordinator.say(system: system, timeline: timeline, position: position)
      #expect(await node.reports(2).map(\.suspicion) == [nil, suspicion])
      await node.renewals(5)
      #expect(await node.coordinator.reports.count == 2, "once for a suspicion")
      _ = try await node.ask()
    }
    // at the registration, by what an earlier process wrote
    let grant = try Self.earlier(1, 10)
    try await ScriptedNode.run { journal, coordinator in
      await journal.remember([grant], by: ScriptedNode.facts)
      await coordinator.say(system: system, timeline: timeline, position: position)
    } _: { node in
      #expect(await node.reports(1).map(\.suspicion) == [suspicion])
      await node.renewals(5)
      #expect(await node.coordinator.reports.count == 1)
    }
  }

  @Test func aSuspicionThatWasNotTakenIsToldAgainAndNotForgotten() async throws {
    try await ScriptedNode.run { node in
      await node.isReady()
      for _ in 0..<3 { await node.coordinator.failReport(.outcomeUnknown) }
      await node.coordinator.say(timeline: 2, position: 50)
      let reports = await node.reports(5)
      #expect(reports.map(\.suspicion) == [nil] + Array(repeating: .newTimeline, count: 4))
      await node.renewals(5)
      #expect(await node.coordinator.reports.count == 5)
      let memory = try await node.journal.memory()
      #expect(memory.facts?.timeline == 2)
    }
  }

  @Test func whatAReportSettlesIsRemembered() async throws {
    let grants = try [Self.earlier(1, 10), Self.earlier(11, 20), Self.earlier(21, 30)]
    try await ScriptedNode.run { journal, coordinator in
      await journal.remember(grants, by: ScriptedNode.facts, through: [grants[0].lease: 7])
      await coordinator.answer(
        .accepted, generation: 1, carved: 2, overlapping: 1,
        settled: [
          .init(lease: grants[0].lease, issuedThrough: 5),
          .init(lease: grants[1].lease, issuedThrough: 15),
        ])
    } _: { node in
      await node.isReady()
      #expect(
        await node.journal.closed == [
          .init(lease: grants[0].lease, issuedThrough: 5),
          .init(lease: grants[1].lease, issuedThrough: 15),
        ])
      let holdings = try await node.journal.memory().holdings
      #expect(holdings.map(\.isExact) == [true, true, false])
    }
  }

  // MARK: - A coordinator that forgot the process

  @Test func aForgottenProcessRegistersAgainAndSaysSo() async throws {
    try await ScriptedNode.run(timeToLive: 15_000) { node in
      await node.isReady()
      let before = try await node.ask(3)
      await node.coordinator.forgetBoot()
      await node.allocator.hinted()
      let reports = await node.reports(2)
      #expect(reports.last?.suspicion == .forgotten)
      #expect(reports.last?.holdings.first?.issuedThrough == before.last)
      await node.isReady()
      // what it held is not issued from any more
      let lease = try #require(await node.journal.granted.first).lease
      _ = try await node.ask()
      let commits = await node.coordinator.commits
      #expect(commits.last?.raises.contains { $0.lease.id == lease } == false)
      #expect(await node.coordinator.calls.filter { $0 == "register" }.count == 2)
    }
  }

  @Test func anAcquireThatFindsTheProcessForgottenDoesNotEndIt() async throws {
    try await ScriptedNode.run(timeToLive: 600_000) { node in
      await node.isReady()
      // the next renewal is far away
      await node.until { await node.coordinator.renewals >= 1 }
      await node.coordinator.forgetBoot()
      let numbers = try await node.ask()
      #expect(numbers == [1])
      #expect(await node.coordinator.reports.map(\.suspicion) == [nil, .forgotten])
      #expect(await node.allocator.readiness() == .ready)
    }
  }

  // MARK: - A journal that fails

  @Test func nothingIsIssuedFromAGrantThatCouldNotBeWritten() async throws {
    try await ScriptedNode.run(deadline: 3_000) { node in
      await node.isReady()
      await node.journal.fail(.granted)
      let late = try #require(await node.refusal())
      #expect(late.code == .coordinatorUnavailable)
      #expect(late.detail.contains("/state/grants.journal: No space left on device"))
      #expect(await node.coordinator.commits.isEmpty)
      let attempts = await node.journal.count(of: .granted)
      await node.until { await node.journal.count(of: .granted) > attempts }
      await node.journal.work()
      await node.until { await node.journal.granted.isEmpty == false }
      await node.isReady()
      let numbers = try await node.ask()
      #expect(numbers == [1], "the same grant, asked for again")
    }
  }

  @Test func aJournalThatCannotBeReadKeepsTheNodeFromStarting() async throws {
    try await ScriptedNode.run { journal, _ in
      await journal.fail(.memory)
    } _: { node in
      await node.until { await node.journal.count(of: .memory) > 2 }
      #expect(
        await node.allocator.readiness() == .coordinatorAway(ScriptedJournal.failure.detail))
      #expect(await node.refusal()?.detail.contains("journal") == true)
      #expect(await node.coordinator.calls.isEmpty)
      await node.journal.work()
      await node.isReady()
    }
  }

  @Test func noNumberLeavesBeforeItsProgressWasWritten() async throws {
    try await ScriptedNode.run(timeToLive: 15_000) { node in
      await node.isReady()
      await node.journal.fail(.progressed)
      let asked = Task { try await node.ask(3) }
      await node.until { await node.journal.count(of: .progressed) > 3 }
      #expect(await node.coordinator.commits.count == 1)
      #expect(await node.journal.written.isEmpty)
      #expect(
        await node.allocator.readiness() == .coordinatorAway(ScriptedJournal.failure.detail))
      #expect(await node.refusal()?.code == .coordinatorUnavailable)
      await node.journal.work()
      let numbers = try await asked.value
      #expect(numbers == [1, 2, 3])
      #expect(await node.coordinator.commits.count == 1, "the outcome was known and not lost")
      #expect(await node.journal.written.values.sorted() == [3])
      await node.isReady()
    }
  }

  @Test func whatIsGivenBackIsSettled() async throws {
    try await ScriptedNode.run(timeToLive: 15_000) { node in
      await node.isReady()
      _ = try await node.ask(3)
      await node.journal.fail(.settled)
      let drained = Task { try await node.allocator.drain() }
      await node.until { await node.journal.count(of: .settled) > 2 }
      await node.journal.work()
      try await drained.value
      let holdings = try await node.journal.memory().holdings
      let isExact = holdings.map(\.isExact)
      #expect(!isExact.contains(false))
      #expect(holdings.map(\.issuedThrough).max() == 3)
    }
  }

  // MARK: - Draining

  @Test func aRequestToDrainGivesEverythingBackAndTheProcessStaysUp() async throws {
    try await ScriptedNode.run { node in
      await node.isReady()
      _ = try await node.ask(3)
      await node.coordinator.requestDrain()
      await node.until { await node.allocator.readiness() == .draining }
      #expect(await node.refusal()?.code == .draining)
      await node.until { await (try? node.ledger.ledger().allSatisfy { $0.leased == 0 }) == true }
      let ledger = try await node.ledger.ledger()
      #expect(ledger.reduce(0) { $0 + $1.issued } == 3)
      await node.renewals(3)
      #expect(await node.allocator.readiness() == .draining)
    }
  }
}
