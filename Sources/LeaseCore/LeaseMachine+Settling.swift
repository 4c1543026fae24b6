/// What follows from the answer to a commit.
extension LeaseMachine {
  /// The batch is committed: hands the numbers to who still waits, and keeps the others.
  mutating func settle(_ batch: Batch) -> [MachineAction] {
    var actions: [MachineAction] = []
    var kept: [StockPiece] = []
    for entry in batch.entries {
      for piece in entry.pieces { demandCommitted(piece) }
      if entry.isWaiting {
        actions.append(
          .deliver(entry.request.id, batch.plan.counter, entry.pieces.map(\.block)))
      } else if !entry.request.keepsItsNumbers {
        kept += entry.pieces.map {
          StockPiece(
            lease: $0.lease, counter: batch.plan.counter, block: $0.block, isLogged: true)
        }
      }
      // Numbers with a key are the key's: the caller gets them when it asks again. Those with records
      // are in the records.
    }
    actions += failTaken(Set(batch.entries.compactMap(\.request.owner)))
    let stocked = kept.reduce(0) { $0 + $1.block.count }
    if stocked > 0 { actions.append(.note(.stocked(stocked))) }
    addStock(kept + committedAhead(batch))
    return actions
  }

  /// Whoever waits with a key that is taken by now is told so at once, and finds what it holds.
  private mutating func failTaken(_ owners: Set<KeyOwner>) -> [MachineAction] {
    func isTaken(_ request: Request) -> Bool { request.owner.map(owners.contains) ?? false }
    defer { queue.removeAll(where: isTaken) }
    return queue.filter(isTaken).map { .fail($0.id, .keyTaken) }
  }

  /// Rule 2: nothing leaves the node that is not committed in a lease of this process.
  func demandCommitted(_ piece: Batch.Piece) {
    guard let lease = lease(piece.lease), lease.block.contains(piece.block.first),
      piece.block.last <= lease.committedThrough
    else { preconditionFailure("number above committed through") }
  }

  /// What the batch raised beyond the numbers that it has lines for.
  private func committedAhead(_ batch: Batch) -> [StockPiece] {
    batch.plan.raises.flatMap { raise -> [StockPiece] in
      guard let lease = lease(raise.lease.id) else { return [] }
      let highest = batch.entries.flatMap(\.pieces)
        .filter { $0.lease == lease.id && $0.source == .fresh }.map(\.block.last).max()
      let above = Block(first: max(raise.expected, highest ?? 0) + 1, last: raise.through)
      return (above?.without(lease.recorded) ?? []).map {
        StockPiece(lease: lease.id, counter: lease.counter, block: $0, isLogged: false)
      }
    }
  }

  /// Nothing was done. Drops the leases and the requests that were refused; the other requests wait
  /// for another commit.
  mutating func refused(
    _ batch: Batch, outcomes: [LeaseID: CommitReply], answer: CommitAnswer, at now: Instant
  ) -> [MachineAction] {
    let requests = answer.refused
    putBack(batch)
    var actions = leaveOut(answer.recorded)
    let isLeftOut = !actions.isEmpty
    var whole: MachineAction.Refusal?
    for raise in batch.plan.raises {
      let id = raise.lease.id
      guard let outcome = outcomes[id]?.outcome else { continue }
      switch outcome {
      case .committed, .notTried: break
      case .noStandby: whole = .noStandby
      case .frozen: whole = .frozen(batch.plan.counter)
      case .closed, .expired:
        actions.append(.note(.fenced(id, outcome.rawValue)))
        // Lines for what was committed are refused only when this process may not speak any more.
        if raise.through == raise.expected { actions += dropLines(of: id) }
        if outcome == .expired { close(id) } else { fence(id) }
      case .yearOver:
        // What was committed for nobody in the old year is not handed out in the new one.
        actions.append(.note(.fenced(id, outcome.rawValue)))
        actions += dropIssued(of: id)
        // A report alone is taken in any year; one that was refused together with a raise is not
        // lost.
        if raise.through == raise.expected,
          batch.plan.lines.allSatisfy({ $0.lease != id || $0.delivered })
        {
          actions += drop(reports.filter { $0.lease == id })
        }
        close(id)
      case .unknownLease, .notHolder, .staleToken, .staleAttempt, .unexpected:
        actions.append(.note(.incident(id, outcome.rawValue)))
        actions += forsake(id)
      }
    }
    let entries = batch.entries.filter(\.isWaiting)
    if !isLeftOut, isPauseNeeded(after: batch, outcomes: outcomes, requests: requests) {
      commitNotBefore = now.advanced(byMilliseconds: settings.retryMilliseconds)
    }
    if let whole {
      actions += entries.map { .fail($0.request.id, whole) }
      if case .frozen = whole { for lease in active { close(lease.id) } }
    } else {
      actions += fail(requests, of: batch, at: now)
      let gone = Set(requests.map(\.request))
      queue = entries.map(\.request).filter { !gone.contains($0.id) } + queue
    }
    return actions
  }

  /// The same statement would follow at once and be refused again: nobody is left out of it who was
  /// in this one.
  private func isPauseNeeded(
    after batch: Batch, outcomes: [LeaseID: CommitReply], requests: [RefusedRequest]
  ) -> Bool {
    let refused = Set(requests.map(\.request))
    let isRefused = batch.entries.contains { refused.contains($0.request.id) }
    let isWhole = outcomes.values.contains { $0.outcome == .noStandby }
    let isLeaseLost = outcomes.values.contains {
      ![.committed, .notTried, .noStandby].contains($0.outcome)
    }
    return !isRefused && !isLeaseLost && (!isWhole || batch.entries.isEmpty)
  }

  /// Answers the requests that the coordinator refused, each alone.
  private mutating func fail(
    _ requests: [RefusedRequest], of batch: Batch, at now: Instant
  ) -> [MachineAction] {
    var actions: [MachineAction] = []
    for refused in requests {
      guard let entry = batch.entries.first(where: { $0.request.id == refused.request }) else {
        continue
      }
      let refusal: MachineAction.Refusal
      switch refused.reason {
      case .keyTaken: refusal = .keyTaken
      case .quotaExceeded:
        // Until then it is not worth asking: each refusal costs everybody a round trip.
        if entry.request.count == 1 {
          quotaPauses[entry.request.subject] = now.advanced(
            byMilliseconds: min(refused.retryMilliseconds, Self.longestQuotaPause))
        }
        refusal = .quotaExceeded(retryMilliseconds: refused.retryMilliseconds)
      case .recordRefused: refusal = .recordRefused(refused.detail ?? "")
      }
      if entry.isWaiting { actions.append(.fail(refused.request, refusal)) }
    }
    return actions
  }

  /// The coordinator forgot a lease, or tells another story than the one that it acknowledged.
  /// Nothing of the batch is ever handed out.
  mutating func contradicted(
    _ batch: Batch, found: [LeaseID: ReadBackReply]
  ) -> [MachineAction] {
    var actions: [MachineAction] = drop(batch.reports) + abandon(batch)
    for raise in batch.plan.raises {
      let reply = found[raise.lease.id]
      let story =
        reply.map { "\($0.outcome.rawValue), through \($0.committedThrough)" } ?? "no answer"
      actions.append(.note(.incident(raise.lease.id, story)))
      actions += forsake(raise.lease.id)
    }
    for entry in batch.entries where entry.isWaiting {
      actions.append(.fail(entry.request.id, .outcomeUnknown))
    }
    return actions
  }

  /// What a batch had taken from the stock will be handed out no more.
  func abandon(_ batch: Batch) -> [MachineAction] {
    let count = batch.entries.flatMap(\.pieces).filter { $0.source != .fresh }
      .reduce(0) { $0 + $1.block.count }
    return count > 0 ? [.note(.abandoned(count))] : []
  }

  /// The requests of a batch that was not done wait again, before all others.
  mutating func requeue(_ batch: Batch) {
    queue = batch.entries.filter(\.isWaiting).map(\.request) + queue
  }

  /// What a batch that was not done had taken from the stock and from the reports.
  mutating func putBack(_ batch: Batch) {
    addStock(
      batch.entries.flatMap(\.pieces).filter { $0.source != .fresh }.map {
        StockPiece(
          lease: $0.lease, counter: batch.plan.counter, block: $0.block,
          isLogged: $0.source == .logged)
      })
    reports = batch.reports + reports
  }

  /// Gives up on lines: the numbers are in the hands of callers, and the log will not say whose.
  mutating func drop(_ lines: [CommitPlan.Line]) -> [MachineAction] {
    reports.removeAll { lines.contains($0) }
    for line in lines {
      updateLease(line.lease) { $0.unloggedThrough = max($0.unloggedThrough, line.block.last) }
    }
    forgetEmptyFenced()
    let count = lines.reduce(0) { $0 + $1.block.count }
    return count > 0 ? [.note(.unreported(count))] : []
  }

  /// Nothing can be written for a lease any more.
  private mutating func dropLines(of id: LeaseID) -> [MachineAction] {
    drop(reports.filter { $0.lease == id }) + dropIssued(of: id)
  }

  /// Drops the stock of a lease that no release will give back.
  private mutating func dropIssued(of id: LeaseID) -> [MachineAction] {
    let gone = stock.filter { $0.lease == id && staysIssued($0) }
    return dropStock(where: gone.contains)
  }
}
