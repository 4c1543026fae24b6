public import ChaosHistory

extension Verdict {
  /// Judges a history by itself: nothing is asked of a cluster, and the same history has the same
  /// verdict.
  public static func judge(_ history: History) -> Verdict {
    let parts = Parts(history.entries)
    let clock = CoordinatorClock(parts.samples, startedAt: history.run.startedAt)
    let keys = Keys(parts.operations)
    let answers = Answers(parts.operations, keys, clock: clock)
    var verdict = Verdict()
    verdict.seconds = Double(parts.length) / 1_000_000
    verdict.count(parts.operations)
    verdict.measure(parts.operations, history.run.nodes)
    verdict.serials = answers.holders.count
    verdict.duplicated = answers.duplicated
    verdict.outOfRange = answers.outOfRange
    verdict.wrongYear = answers.wrongYear
    verdict.other = answers.other
    verdict.compare(answers, keys, parts)
    verdict.ledgerSamples = parts.samples.count
    verdict.unbalanced = parts.samples.compactMap(\.imbalance)
    verdict.other += parts.disagreements.map { Finding("disagreement", $0) }
    verdict.take(parts.demands)
    verdict.take(parts.end)
    return verdict
  }

  private mutating func count(_ operations: [Operation]) {
    attempted = operations.count
    for operation in operations {
      switch operation.outcome {
      case .ok: acknowledged += 1
      case .failed(let code):
        failed += 1
        failures[code, default: 0] += 1
      case .unknown(let reason):
        unknown += 1
        unknowns[reason, default: 0] += 1
      }
    }
  }

  /// What clients received against what the coordinator has.
  private mutating func compare(_ answers: Answers, _ keys: Keys, _ parts: Parts) {
    guard !parts.finals.isEmpty else {
      if parts.end != nil {
        other.append(
          Finding("no-final-ledger", "the run ended, and what the ledger had then was not written"))
      }
      return
    }
    let finals = parts.finals.mapValues(FinalLedger.init)
    let order = finals.values.sorted { $0.counter < $1.counter }
    other += order.flatMap(\.contradictions)
    for (counter, holders) in answers.numbers.sorted(by: { $0.key < $1.key }) {
      let final = finals[counter]
      for case (let number, let index?) in holders.enumerated() {
        look(final?.line(of: number), number, of: counter, parts.operations[index])
      }
    }
    let unclaimed = Unclaimed(order, answers, keys, parts)
    self.unclaimed = unclaimed.reasons
    unexplainedNumbers = unclaimed.unexplainedNumbers
    unexplained = unclaimed.unexplained
  }

  /// Compares one acknowledged number with its line.
  private mutating func look(
    _ line: FinalCounter.Line?, _ number: Int, of counter: CounterName, _ operation: Operation
  ) {
    let serial = FinalLedger.serial(number, of: counter)
    guard let line else {
      missing.append(
        Finding(
          "acknowledged-not-in-ledger",
          "\(serial) was received by \(operation.mark), and the ledger does not have it as issued"))
      return
    }
    if line.state == "void" { acknowledgedVoid += 1 }
    // the subject of a void number is who struck it out
    guard line.state != "void", let subject = line.subject, subject != operation.client else {
      return
    }
    other.append(
      Finding(
        "wrong-recipient",
        "\(serial) was received by \(operation.mark), and its line names \(subject)"))
  }

  private mutating func take(_ demands: [Demand]) {
    for demand in demands {
      self.demands.append("\(demand.holds ? "held" : "not held"): \(demand.text) (\(demand.seen))")
      if !demand.holds {
        other.append(
          Finding(
            "demand", "\(demand.text); seen at \(Figures.seconds(demand.at)) s: \(demand.seen)"))
      }
    }
  }

  private mutating func take(_ end: RunEnd?) {
    guard let end else {
      other.append(Finding("cut-off", "the history has no end: the runner did not finish it"))
      return
    }
    if let failure = end.failure { other.append(Finding("not-finished", failure)) }
  }
}
