import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator
import SerialFormat
import Testing

/// The actor around the machines: who is answered, when, and what the ledger says afterwards.
@Suite(.timeLimit(.minutes(3)))
struct AllocatorActorTests {
  // MARK: - Serving

  @Test func manyCallersGetNumbersOfTheirOwn() async throws {
    try await GatedNode.run { node in
      let kinds = CounterKind.allCases
      let outcomes = await withTaskGroup(of: (CounterKind, GatedNode.Outcome).self) { group in
        for index in 0..<64 {
          let kind = kinds[index % kinds.count]
          group.addTask { (kind, await node.ask(1 + index % 5, of: kind)) }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      try await node.allocator.drain()
      for kind in kinds {
        let numbers = outcomes.filter { $0.0 == kind }.flatMap(\.1.numbers)
        #expect(Set(numbers).count == numbers.count)
        let entry = try await node.entry(kind)
        #expect(entry.issued == numbers.count)
        #expect(entry.leased == 0)
      }
      #expect(outcomes.allSatisfy { $0.1.refusal == nil })
      #expect(outcomes.flatMap(\.1.numbers).count == (0..<64).reduce(0) { $0 + 1 + $1 % 5 })
    }
  }

  @Test func whoeverArrivesDuringACommitSharesTheNext() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.warmUp()
      let before = await node.gate.count(of: .commit)
      await node.gate.next(.hold, of: .commit)
      let first = try await node.begin()
      var others: [Task<GatedNode.Outcome, Never>] = []
      for _ in 0..<10 { others.append(try await node.begin(2)) }
      #expect(await node.gate.count(of: .commit) == before + 1)
      await node.gate.open(.commit)
      #expect(await first.value.numbers.count == 1)
      for other in others { #expect(await other.value.numbers.count == 2) }
      #expect(await node.gate.count(of: .commit) == before + 2)
      #expect(await node.gate.commits.last?.lines.count == 10)
    }
  }

  @Test func aRequestThatCannotBeWrittenIsRefusedAndHarmsNobody() async throws {
    try await GatedNode.run { node in
      let long = String(repeating: "\u{20ac}", count: 67)
      #expect(long.utf8.count == 201)
      let good = Task { await node.ask(subject: String(repeating: "s", count: 200)) }
      for subject in [long, "", "a\u{0}b"] {
        #expect(await node.ask(subject: subject).refusal == .invalidRequest)
      }
      for count in [0, -1, 1001] {
        #expect(await node.ask(count).refusal == .invalidRequest)
      }
      #expect(await good.value.numbers.count == 1)
      #expect(await node.ask(1000).numbers.count == 1000)
    }
  }

  @Test func aRequestIDIsInUseUntilItIsAnswered() async throws {
    try await GatedNode.run { node in
      let id = RequestID(UUID())
      await node.gate.next(.hold, of: .acquire)
      let twins = (0..<2).map { _ in Task { await node.ask(id: id) } }
      await node.gate.arrival(of: .acquire, count: 1)
      // a third comes later in any case, and its cancellation is not that of the first
      let third = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return await node.ask(id: id)
      }
      #expect(await third.value.refusal == .invalidRequest)
      await node.gate.open(.acquire)
      var numbers: [Int] = []
      for twin in twins { numbers += await twin.value.numbers }
      #expect(numbers.count == 1, "the first is served, its twin is refused")
      #expect(await node.ask(id: id).numbers.count == 1)
    }
  }

  // MARK: - Outcomes that are unknown

  @Test func aLostReplyIsReadBackAndDelivered() async throws {
    try await GatedNode.run { node in
      await node.gate.next(.loseReply, of: .commit)
      #expect(await node.ask(3).numbers.count == 3)
      #expect(await node.gate.count(of: .commit) == 1)
      #expect(await node.gate.count(of: .readBack) == 1)
      let entry = try await node.entry()
      #expect(entry.issued == 3)
    }
  }

  @Test func aCommitThatNeverArrivedIsReadBackAndSentAgain() async throws {
    try await GatedNode.run { node in
      await node.gate.next(.fail(.outcomeUnknown), .fail(.notDone), of: .commit)
      #expect(await node.ask(3).numbers.count == 3)
      #expect(await node.gate.count(of: .commit) == 3)
      #expect(await node.gate.count(of: .readBack) == 1)
      let entry = try await node.entry()
      #expect(entry.issued == 3)
    }
  }

  /// It would reach a coordinator that was restored meanwhile, and for which the lease is live again.
  @Test func aCommitThatIsHeldUpUntilItsLeaseHasLapsedIsNotSent() async throws {
    try await GatedNode.run(timeToLive: 1_000) { node in
      await node.gate.next(.hold, of: .commit)
      let asked = try await node.begin(3)
      await node.gate.arrival(of: .commit, count: 1)
      try await Task.sleep(for: .milliseconds(1_000))
      await node.gate.open(.commit)
      #expect(await asked.value.numbers.count == 3)
      let leases = await node.gate.commits.map { $0.raises.map(\.lease.id) }
      #expect(leases.count >= 2)
      #expect(leases.last != leases.first)
      #expect(try await node.entry().issued == 3)
    }
  }

  @Test func whatStaysUnknownIsSaidInTimeAndItsNumbersGoToTheNext() async throws {
    try await GatedNode.run(unknownGrace: 50) { node in
      try await node.warmUp()
      await node.gate.next(.loseReply, of: .commit)
      await node.gate.always(.fail(.unavailable), .readBack, .renew)
      let asked = ContinuousClock.now
      #expect(await node.ask(3).refusal == .outcomeUnknown)
      #expect(asked.duration(to: .now) >= .milliseconds(50))
      #expect(await node.ask().refusal == .coordinatorUnavailable)
      #expect(try await node.entry().issued == 104)
      let lost = try #require(await node.gate.commits.last).lines.map(\.block)
      await node.gate.always(.pass, .readBack, .renew)
      try await node.become(.ready)
      #expect(try await node.ask(3).get().blocks == lost)
      #expect(await node.gate.commits.last?.lines.map(\.again) == [true])
      try await node.allocator.drain()
      let entry = try await node.entry()
      #expect(entry.issued == 104)
      #expect(entry.leased == 0)
    }
  }

  // MARK: - A coordinator that is away or refuses

  @Test func anAbsentCoordinatorIsSaidAtOnceAndComesBackByItself() async throws {
    try await GatedNode.run { node in
      try await node.warmUp()
      await node.gate.always(.fail(.unavailable), .acquire, .commit, .renew)
      #expect(await node.ask().refusal == .coordinatorUnavailable)
      #expect(await node.allocator.readiness() == .coordinatorAway("as the test says"))
      let sent = await node.gate.count(of: .commit) + node.gate.count(of: .acquire)
      for kind in CounterKind.allCases {
        #expect(await node.ask(of: kind).refusal == .coordinatorUnavailable)
      }
      #expect(await node.gate.count(of: .commit) + node.gate.count(of: .acquire) == sent)
      await node.gate.always(.pass, .acquire, .commit, .renew)
      try await node.become(.ready)
      for kind in CounterKind.allCases { #expect(await node.ask(of: kind).numbers.count == 1) }
    }
  }

  @Test func aRejectedCommitFailsOnlyWhoIsInIt() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.warmUp()
      let before = await node.gate.count(of: .commit)
      await node.gate.next(.hold, of: .commit)
      let first = try await node.begin()
      let second = try await node.begin()
      await node.gate.open(.commit, as: .fail(.rejected))
      #expect(await first.value.refusal == .coordinatorUnavailable)
      #expect(await second.value.numbers.count == 1)
      #expect(await node.ask().numbers.count == 1)
      #expect(await node.gate.count(of: .commit) == before + 3)
    }
  }

  // MARK: - Cancelling

  @Test func whoeverCancelsIsAnsweredAndItsNumbersGoToTheNext() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.warmUp()
      await node.gate.next(.hold, of: .commit)
      let first = try await node.begin(3)
      first.cancel()
      #expect(await first.value.refusal == .cancelled)
      await node.gate.open(.commit)
      let lost = try #require(await node.gate.commits.last).lines.map(\.block)
      #expect(try await node.ask(3).get().blocks == lost)
      #expect(await node.gate.commits.last?.lines.map(\.again) == [true])
      try await node.allocator.drain()
      #expect(try await node.entry().issued == 104)
    }
  }

  @Test func whoeverIsCancelledBeforehandAsksForNothing() async throws {
    try await GatedNode.run { node in
      let cancelled = Task {
        while !Task.isCancelled { await Task.yield() }
        return await node.ask()
      }
      cancelled.cancel()
      #expect(await cancelled.value.refusal == .cancelled)
      #expect(await node.gate.count(of: .acquire) == 0)
      #expect(await node.ask().numbers == [1])
    }
  }

  // MARK: - The end

  @Test func aDrainAnswersWhatWasAcceptedAndGivesEverythingBack() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      try await node.warmUp()
      await node.gate.next(.hold, of: .commit)
      let first = try await node.begin()
      let second = try await node.begin(2)
      let drain = Task { try await node.allocator.drain() }
      try await node.become(.draining)
      for kind in CounterKind.allCases { #expect(await node.ask(of: kind).refusal == .draining) }
      await node.gate.open(.commit)
      #expect(await first.value.numbers.count == 1)
      #expect(await second.value.numbers.count == 2)
      try await drain.value
      #expect(try await node.entry(.job).issued == 104)
      #expect(try await node.entry(.target).issued == 0)
      for kind in CounterKind.allCases { #expect(try await node.entry(kind).leased == 0) }
      #expect(await node.ask().refusal == .draining)
    }
  }

  @Test func aSecondProcessEndsIssuingOfBothKinds() async throws {
    try await GatedNode.run { node in
      for kind in CounterKind.allCases { #expect(await node.ask(of: kind).numbers.count == 1) }
      let other = GatedNode.session(on: node.ledger)
      #expect(try await other.register().boot == .registered)
      try await node.become(.superseded)
      for kind in CounterKind.allCases { #expect(await node.ask(of: kind).refusal == .draining) }
      try await node.allocator.drain()
      for kind in CounterKind.allCases { #expect(try await node.entry(kind).issued == 1) }
    }
  }

  @Test func anAcquireMayTellFirstThatThereIsASecondProcess() async throws {
    try await GatedNode.run(timeToLive: 600_000) { node in
      try await node.warmUp()
      let other = GatedNode.session(on: node.ledger)
      #expect(try await other.register().boot == .registered)
      #expect(await node.ask(of: .target).refusal == .draining)
      #expect(await node.allocator.readiness() == .superseded)
      let commits = await node.gate.count(of: .commit)
      #expect(await node.ask(of: .job).refusal == .draining)
      #expect(await node.gate.count(of: .commit) == commits)
      #expect(
        await node.gate.count(of: .renew) == 2, "the renewal tells what became of the process")
    }
  }

  @Test func whoeverWaitsWhenTheNodeEndsIsAnsweredAndSoIsWhoComesLater() async throws {
    try await GatedNode.run(timeToLive: 15_000) { node in
      await node.gate.next(.hold, of: .commit)
      let first = try await node.begin(3)
      await node.gate.arrival(of: .commit, count: 1)
      let second = try await node.begin()
      node.running.cancel()
      #expect(await first.value.refusal == .outcomeUnknown)
      #expect(await second.value.refusal == .outcomeUnknown)
      await node.running.value
      for kind in CounterKind.allCases { #expect(await node.ask(of: kind).refusal == .draining) }
    }
  }
}
