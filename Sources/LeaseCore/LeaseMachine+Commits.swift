extension LeaseMachine {
  /// The coordinator answered a commit: it did all of it, or nothing and said why.
  public mutating func commitAnswered(_ answer: CommitAnswer, at now: Instant) -> [MachineAction] {
    guard case .committing(let batch) = statement else { return [] }
    let replies = answer.leases
    let outcomes = Dictionary(
      replies.map { ($0.lease, $0) }, uniquingKeysWith: { first, _ in first })
    let isComplete = batch.plan.raises.allSatisfy { outcomes[$0.lease.id] != nil }
    guard isComplete else {
      // An answer that is not about every lease of the plan proves nothing.
      return commitFailed(.unknown, at: now)
    }
    statement = .idle
    roundTrip.add(milliseconds: now.milliseconds(since: batch.sentAt))
    var actions: [MachineAction] = []
    if answer.refused.isEmpty, answer.recorded.isEmpty,
      batch.plan.raises.allSatisfy({ outcomes[$0.lease.id]?.outcome == .committed })
    {
      for raise in batch.plan.raises {
        updateLease(raise.lease.id) { lease in
          lease.committedThrough = raise.through
          lease.revision += 1
        }
        wasRenewed(raise.lease.id, by: batch.sentAt, at: now)
      }
      actions += noteRecalls(replies.filter(\.recalled).map(\.lease))
      actions += settle(batch)
    } else {
      actions += refused(batch, outcomes: outcomes, answer: answer, at: now)
    }
    return actions + pump(at: now)
  }

  /// A commit was not answered, or is known not to have been done.
  public mutating func commitFailed(_ failure: CallFailure, at now: Instant) -> [MachineAction] {
    guard case .committing(let batch) = statement else { return [] }
    switch failure {
    case .unavailable:
      statement = .idle
      putBack(batch)
      requeue(batch)
      return coordinatorWentAway(at: now)
    case .notDone:
      statement = .idle
      commitNotBefore = now.advanced(byMilliseconds: settings.retryMilliseconds)
      putBack(batch)
      requeueApart(batch, after: failure)
      return pump(at: now)
    case .rejected:
      // Repeating it would hold up everybody else behind a request that cannot be served.
      statement = .idle
      putBack(batch)
      if tryApart(batch, after: failure) { return pump(at: now) }
      if batch.entries.isEmpty {
        commitNotBefore = now.advanced(byMilliseconds: settings.retryMilliseconds)
      }
      let waiting = batch.entries.filter(\.isWaiting)
      return drop(batch.reports) + waiting.map { .fail($0.request.id, .rejected) }
        + pump(at: now)
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
      if done { wasRenewed(raise.lease.id, by: batch.sentAt, at: now) }
    }
    if done {
      actions.append(.note(.resolved(committed: true)))
      actions += settle(batch)
    } else if undone {
      actions.append(.note(.resolved(committed: false)))
      putBack(batch)
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
