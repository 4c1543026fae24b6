extension LeaseMachine {
  /// The coordinator answered a commit: it did all of it, or nothing and said why.
  public mutating func commitAnswered(_ replies: [CommitReply], at now: Instant) -> [MachineAction]
  {
    guard case .committing(let batch) = statement else { return [] }
    let outcomes = Dictionary(
      replies.map { ($0.lease, $0) }, uniquingKeysWith: { first, _ in first })
    let isComplete = batch.plan.raises.allSatisfy { outcomes[$0.lease.id] != nil }
    guard isComplete else {
      // An answer that is not about every lease of the plan proves nothing.
      return commitFailed(.unknown, at: now)
    }
    statement = .idle
    var actions: [MachineAction] = []
    if batch.plan.raises.allSatisfy({ outcomes[$0.lease.id]?.outcome == .committed }) {
      for raise in batch.plan.raises {
        updateLease(raise.lease.id) { lease in
          lease.committedThrough = raise.through
          lease.revision += 1
          lease.renewedAt = now
        }
      }
      actions += noteRecalls(replies.filter(\.recalled).map(\.lease))
      actions += settle(batch)
    } else {
      actions += refused(batch, outcomes: outcomes)
    }
    return actions + pump(at: now)
  }

  /// A commit was not answered, or is known not to have been done.
  public mutating func commitFailed(_ failure: CallFailure, at now: Instant) -> [MachineAction] {
    guard case .committing(let batch) = statement else { return [] }
    switch failure {
    case .unavailable:
      statement = .idle
      restoreStock(batch)
      requeue(batch)
      return coordinatorWentAway(at: now)
    case .notDone:
      statement = .idle
      commitNotBefore = now.advanced(byMilliseconds: settings.retryMilliseconds)
      restoreStock(batch)
      requeue(batch)
      return pump(at: now)
    case .rejected:
      // Repeating it would hold up everybody else behind a request that cannot be served.
      statement = .idle
      restoreStock(batch)
      let waiting = batch.entries.filter(\.isWaiting)
      return waiting.map { .fail($0.request.id, .rejected) } + pump(at: now)
    case .unknown:
      statement = .unresolved(batch, since: now, readBackAt: nil)
      guard coordinatorIsUp else {
        statement = .unresolved(batch, since: now, readBackAt: now)
        return []
      }
      return [.readBack(batch.plan.raises.map(\.lease.next))]
    }
  }

  /// The fenced read-back was answered, durably.
  public mutating func readBackAnswered(_ replies: [ReadBackReply], at now: Instant)
    -> [MachineAction]
  {
    guard case .unresolved(let batch, _, nil) = statement else { return [] }
    let found = Dictionary(replies.map { ($0.lease, $0) }, uniquingKeysWith: { first, _ in first })
    guard batch.plan.raises.allSatisfy({ found[$0.lease.id] != nil }) else {
      return readBackFailed(.unknown, at: now)
    }
    var actions: [MachineAction] = []
    let done = batch.plan.raises.allSatisfy { raise in
      guard let reply = found[raise.lease.id] else { return false }
      return reply.isKnown && reply.revision == raise.revision + 1
        && reply.committedThrough == raise.through
    }
    let undone = batch.plan.raises.allSatisfy { raise in
      guard let reply = found[raise.lease.id] else { return false }
      return reply.isKnown && reply.revision == raise.revision
        && reply.committedThrough == raise.expected
    }
    statement = .idle
    for raise in batch.plan.raises {
      guard let reply = found[raise.lease.id], reply.isKnown else { continue }
      updateLease(raise.lease.id) { lease in
        lease.attempt = reply.attempt
        lease.revision = reply.revision
        if done { lease.committedThrough = raise.through }
      }
    }
    if done {
      actions.append(.note(.resolved(committed: true)))
      actions += settle(batch)
    } else if undone {
      actions.append(.note(.resolved(committed: false)))
      restoreStock(batch)
      requeue(batch)
    } else {
      actions += contradicted(batch, found: found)
    }
    for raise in batch.plan.raises where found[raise.lease.id]?.outcome == .closed {
      if active.contains(where: { $0.id == raise.lease.id }) {
        actions.append(.note(.fenced(raise.lease.id, "closed")))
        fence(raise.lease.id)
      }
    }
    actions += noteRecalls(replies.filter(\.recalled).map(\.lease))
    return actions + pump(at: now)
  }

  /// The read-back is itself unknown or could not be sent: the outcome stays open.
  public mutating func readBackFailed(_ failure: CallFailure, at now: Instant) -> [MachineAction] {
    guard case .unresolved(let batch, let since, nil) = statement else { return [] }
    statement = .unresolved(
      batch, since: since, readBackAt: now.advanced(byMilliseconds: settings.retryMilliseconds))
    return failure == .unavailable ? coordinatorWentAway(at: now) : []
  }

  mutating func readBackAgain(at now: Instant) -> MachineAction? {
    guard case .unresolved(let batch, let since, let readBackAt?) = statement, readBackAt <= now
    else { return nil }
    statement = .unresolved(batch, since: since, readBackAt: nil)
    return .readBack(batch.plan.raises.map(\.lease.next))
  }

  /// The batch is committed: hands the numbers to who still waits, and keeps the others.
  private mutating func settle(_ batch: Batch) -> [MachineAction] {
    var actions: [MachineAction] = []
    var stocked = 0
    for entry in batch.entries {
      for piece in entry.pieces {
        // Rule 2: nothing leaves the node that is not committed in a lease of this process.
        guard let lease = lease(piece.lease), lease.block.contains(piece.block.first),
          piece.block.last <= lease.committedThrough
        else { preconditionFailure("number above committed through") }
      }
      if entry.isWaiting {
        actions.append(
          .deliver(entry.request.id, batch.plan.counter, entry.pieces.map(\.block)))
      } else {
        stocked += entry.pieces.reduce(0) { $0 + $1.block.count }
        stock += entry.pieces.map {
          StockPiece(lease: $0.lease, counter: batch.plan.counter, block: $0.block)
        }
      }
    }
    if stocked > 0 { actions.append(.note(.stocked(stocked))) }
    return actions
  }

  /// Nothing was done. Drops the leases that were refused; the requests wait for others.
  private mutating func refused(
    _ batch: Batch, outcomes: [LeaseID: CommitReply]
  ) -> [MachineAction] {
    var actions: [MachineAction] = []
    restoreStock(batch)
    var durable = true
    for raise in batch.plan.raises {
      let id = raise.lease.id
      guard let outcome = outcomes[id]?.outcome else { continue }
      switch outcome {
      case .committed, .notTried: break
      case .noStandby: durable = false
      case .closed, .expired:
        actions.append(.note(.fenced(id, outcome.rawValue)))
        // Lines for what was committed are refused only when this process may not speak any more.
        if raise.through == raise.expected { actions += abandon(dropStock(of: id)) }
        if outcome == .expired { close(id) } else { fence(id) }
      case .yearOver:
        // What was committed for nobody in the old year is not handed out in the new one.
        actions.append(.note(.fenced(id, outcome.rawValue)))
        actions += abandon(dropStock(of: id))
        close(id)
      case .unknownLease, .notHolder, .staleToken, .staleAttempt, .unexpected:
        actions.append(.note(.incident(id, outcome.rawValue)))
        actions += abandon(dropStock(of: id))
        fence(id)
      }
    }
    if durable {
      requeue(batch)
    } else {
      for entry in batch.entries where entry.isWaiting {
        actions.append(.fail(entry.request.id, .noStandby))
      }
    }
    return actions
  }

  /// The coordinator forgot a lease, or tells another story than the one that it acknowledged.
  /// Nothing of the batch is ever handed out.
  private mutating func contradicted(
    _ batch: Batch, found: [LeaseID: ReadBackReply]
  ) -> [MachineAction] {
    var actions: [MachineAction] = []
    for raise in batch.plan.raises {
      let reply = found[raise.lease.id]
      let story =
        reply.map { "\($0.outcome.rawValue), through \($0.committedThrough)" } ?? "no answer"
      actions.append(.note(.incident(raise.lease.id, story)))
      actions += abandon(dropStock(of: raise.lease.id))
      fence(raise.lease.id)
    }
    for entry in batch.entries where entry.isWaiting {
      actions.append(.fail(entry.request.id, .outcomeUnknown))
    }
    return actions
  }

  /// The requests of a batch that was not done wait again, before all others.
  private mutating func requeue(_ batch: Batch) {
    queue = batch.entries.filter(\.isWaiting).map(\.request) + queue
  }

  private mutating func restoreStock(_ batch: Batch) {
    for line in batch.plan.lines where line.again {
      stock.append(StockPiece(lease: line.lease, counter: batch.plan.counter, block: line.block))
    }
  }

  private func abandon(_ count: Int) -> [MachineAction] {
    count > 0 ? [.note(.abandoned(count))] : []
  }

  mutating func noteRecalls(_ ids: [LeaseID]) -> [MachineAction] {
    var actions: [MachineAction] = []
    for id in ids {
      guard let index = active.firstIndex(where: { $0.id == id }), active[index].recall == .no
      else { continue }
      active[index].recall = .recalled
      actions.append(.note(.recalled(id)))
    }
    return actions
  }
}

extension ReadBackReply {
  /// The coordinator knows the lease as ours.
  var isKnown: Bool { outcome == .live || outcome == .closed }
}
