import LeaseCore
import Logging

/// Catches a coordinator that forgot something (design section 5): after each registration and
/// renewal the node compares what the coordinator says of itself with what the journal remembers,
/// and tells it what it holds and has issued.
extension Allocator {
  struct History {
    /// What the coordinator said of itself last, as the journal has it. Not what it said with a
    /// suspicion that it was not told of yet.
    var remembered: CoordinatorFacts?
    var isRead = false
    /// Found, and not reported yet.
    var suspicion: HoldingsReport.Suspicion?
    /// The generation that this process has reported for; nil before its first report.
    var reported: Int?
    var isReporting = false
    /// How many reports were composed. What is answered after one was asked for before it is not in it.
    var composed = 0
    /// What was heard last: the generation, and whether blocks are granted.
    var generation: Int?
    var grantsAreOpen = true
    /// Why the journal could not be read or written at the latest attempt, by what for.
    var journalProblems: [JournalUse: String] = [:]

    var journalProblem: String? { journalProblems.values.first }

    var reportIsDue: Bool { suspicion != nil || reported == nil || reported != generation }

    var journalError: AllocationError? {
      journalProblem.map {
        AllocationError(
          .coordinatorUnavailable, detail: "The node's journal fails, so nothing is issued: \($0)",
          retryAfterSeconds: 1)
      }
    }
  }

  /// How often one report is repeated at once when the generation goes up meanwhile.
  private static let reportsInARow = 4

  /// Whether blocks may be asked for: the coordinator knows what this node holds.
  var mayAcquire: Bool {
    switch state {
    case .starting, .superseded: false
    case .up, .away: history.suspicion == nil && history.reported != nil
    }
  }

  /// Reads what the journal remembers of the coordinator, once. False when it cannot be read.
  func recall() async -> Bool {
    guard !history.isRead else { return true }
    do throws(JournalError) {
      history.remembered = try await journal.memory().facts
      history.isRead = true
      journalWorks(.reports)
      return true
    } catch {
      journalFailed(.reports, error)
      return false
    }
  }

  /// Compares what the coordinator says with what it had said before it was asked.
  func compare(_ facts: CoordinatorFacts, with before: CoordinatorFacts?) {
    history.generation = facts.generation
    history.grantsAreOpen = facts.grantsAreOpen
    guard let found = Self.suspicion(of: facts, after: before), history.suspicion == nil else {
      return
    }
    logger.warning(
      "the coordinator may have lost what it acknowledged",
      metadata: ["suspicion": "\(found.rawValue)", "timeline": "\(facts.timeline)"])
    history.suspicion = found
  }

  static func suspicion(
    of facts: CoordinatorFacts, after before: CoordinatorFacts?
  ) -> HoldingsReport.Suspicion? {
    guard let before else { return nil }
    if facts.systemIdentifier != before.systemIdentifier { return .otherSystem }
    if facts.timeline != before.timeline { return .newTimeline }
    return facts.position < before.position ? .positionBehind : nil
  }

  /// The coordinator does not know this process: it lost commits that it had acknowledged, and
  /// would grant numbers again that this process issued. It is told so after the next registration.
  func wasForgotten() {
    logger.error(
      "the coordinator lost what it acknowledged: it does not know this boot any more")
    metrics.forgotten()
    metrics.coordinatorIsUp(false)
    history.suspicion = .forgotten
    epoch += 1
    history.journalProblems[.grants] = nil
    state = .starting("the coordinator forgot this process, which registers again")
    applyToAll { $0.leasesForgotten(at: $1) }
  }

  /// Tells what the node holds when that is due, and remembers what the coordinator says of itself.
  /// False when it could not be told; to be tried again.
  func catchUp(with facts: CoordinatorFacts) async -> Bool {
    if history.reportIsDue { return await report(for: facts.generation) }
    await remember(facts)
    return true
  }

  private func report(for generation: Int) async -> Bool {
    guard !history.isReporting else { return false }
    history.isReporting = true
    defer { history.isReporting = false }
    var generation = generation
    for _ in 0..<Self.reportsInARow {
      let suspicion = history.suspicion
      history.composed += 1
      guard let holdings = await rememberedHoldings() else { return false }
      do throws(CoordinatorError) {
        let answer = try await coordinator.report(
          HoldingsReport(generation: generation, suspicion: suspicion, holdings: holdings))
        generation = answer.facts.generation
        history.generation = generation
        history.grantsAreOpen = answer.facts.grantsAreOpen
        switch answer.outcome {
        case .superseded:
          wasSuperseded()
          return false
        case .again: break
        case .accepted:
          // Another one may have been found meanwhile.
          if history.suspicion == suspicion { history.suspicion = nil }
          history.reported = generation
          await accepted(answer, of: holdings)
          if !history.reportIsDue { return true }
        }
      } catch {
        _ = failed(error, call: "report")
        return false
      }
    }
    return false
  }

  private func rememberedHoldings() async -> [Holding]? {
    do throws(JournalError) {
      let holdings = try await journal.memory().holdings
      journalWorks(.reports)
      return holdings
    } catch {
      journalFailed(.reports, error)
      return nil
    }
  }

  private func accepted(_ answer: ReportAnswer, of holdings: [Holding]) async {
    metrics.reported(carved: answer.carved, overlapping: answer.overlapping)
    let metadata: Logger.Metadata = [
      "generation": "\(answer.facts.generation)", "holdings": "\(holdings.count)",
      "carved": "\(answer.carved)", "overlapping": "\(answer.overlapping)",
    ]
    if answer.overlapping > 0 {
      logger.error(
        "numbers that this node issued are in the hands of another one", metadata: metadata)
    } else if answer.carved > 0 {
      logger.error(
        "the coordinator had lost numbers that this node issued, and has them again",
        metadata: metadata)
    } else {
      logger.info("reported what this node holds", metadata: metadata)
    }
    _ = await settle(settled(answer), .reports)
    history.remembered = nil
    await remember(answer.facts)
  }

  /// What is closed of a report. A lease that this process still gives back is settled by its release.
  private func settled(_ answer: ReportAnswer) -> [ReportAnswer.Settled] {
    let held = Set(machines.values.flatMap(\.heldLeases).map(\.id))
    return answer.settled.filter { !held.contains($0.lease) }
  }

  /// Writes down what the coordinator says of itself. What was asked earlier may be answered later,
  /// and is not a step back.
  private func remember(_ facts: CoordinatorFacts) async {
    if let old = history.remembered, old.systemIdentifier == facts.systemIdentifier,
      (old.timeline, old.position) > (facts.timeline, facts.position)
    {
      return
    }
    history.remembered = facts
    do throws(JournalError) {
      try await journal.progressed([:], facts: facts)
      journalWorks(.reports)
    } catch {
      journalFailed(.reports, error)
    }
  }
}
