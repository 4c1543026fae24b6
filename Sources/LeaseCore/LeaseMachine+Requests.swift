extension LeaseMachine {
  /// A caller asks for numbers.
  public mutating func requested(_ request: Request, at now: Instant) -> [MachineAction] {
    switch phase {
    case .draining: return [.fail(request.id, .draining)]
    case .superseded: return [.fail(request.id, .superseded)]
    case .running: break
    }
    if let until = quotaPauses[request.subject] {
      let left = until.milliseconds(since: now)
      guard left <= 0 else {
        return [.fail(request.id, .quotaExceeded(retryMilliseconds: Int(left)))]
      }
      quotaPauses[request.subject] = nil
    }
    if let delivered = deliverAhead(request) {
      rate.add(request.count, at: now)
      lastRequestAt = now
      return delivered + pump(at: now)
    }
    guard coordinatorIsUp else { return [.fail(request.id, .coordinatorUnavailable)] }
    rate.add(request.count, at: now)
    lastRequestAt = now
    queue.append(request)
    return pump(at: now)
  }

  /// The caller went away. What was sent for it may be committed and then goes to the stock.
  public mutating func cancelled(_ id: RequestID, at now: Instant) -> [MachineAction] {
    queue.removeAll { $0.id == id }
    stopWaiting { $0.id == id }
    return pump(at: now)
  }

  /// Time has passed: deadlines, pauses, idleness. To be called several times a second.
  public mutating func ticked(at now: Instant) -> [MachineAction] {
    var actions = expireRequests(at: now)
    quotaPauses = quotaPauses.filter { now < $0.value }
    if phase == .running, queue.isEmpty, let lastRequestAt,
      now.milliseconds(since: lastRequestAt) >= settings.timeToLiveMilliseconds
    {
      closeAllWhenIdle()
    }
    if let issuing, isYearOver(issuing), queue.isEmpty { closeAllWhenIdle() }
    actions += pump(at: now)
    return actions
  }

  /// Which year it is in UTC by the node's own clock. When it turns, what is held of the old year
  /// goes back: nothing of it is handed out without the coordinator.
  public mutating func clockSays(year: Int) { clockYear = year }

  /// Other streams of this process need the numbers that this one holds.
  public mutating func recalledAtHome(at now: Instant) -> [MachineAction] {
    let ids = active.map(\.id)
    return noteRecalls(ids) + pump(at: now)
  }

  /// The coordinator forgot what it had granted: nothing that is held may be issued any more. What
  /// waits goes on waiting, for other leases.
  public mutating func leasesForgotten(at now: Instant) -> [MachineAction] {
    guard phase != .superseded else { return [] }
    var actions: [MachineAction] = []
    switch statement {
    case .idle: break
    case .renewing: statement = .idle
    case .committing(let batch), .unresolved(let batch, _, _):
      statement = .idle
      for entry in batch.entries where entry.isWaiting {
        actions.append(.fail(entry.request.id, .outcomeUnknown))
      }
      actions += abandon(batch)
      let lost = batch.reports.reduce(0) { $0 + $1.block.count }
      if lost > 0 { actions.append(.note(.unreported(lost))) }
    }
    for lease in active + closing + fenced {
      actions.append(.note(.incident(lease.id, "forgotten")))
      actions += forsake(lease.id)
    }
    acquiring = .idle
    releasing = .idle
    return actions + pump(at: now)
  }

  /// The shell cannot reach the coordinator: nothing can be committed, so nothing is promised.
  public mutating func coordinatorWentAway(at now: Instant) -> [MachineAction] {
    coordinatorIsUp = false
    return failQueue(.coordinatorUnavailable)
  }

  /// The shell reached the coordinator again.
  public mutating func coordinatorCameBack(at now: Instant) -> [MachineAction] {
    coordinatorIsUp = true
    return pump(at: now)
  }

  /// Gives everything back once what was accepted is answered. Ends with `isEmpty`.
  public mutating func drain(at now: Instant) -> [MachineAction] {
    if phase == .running { phase = .draining }
    return pump(at: now)
  }

  /// Another process registered under this node's name. Nothing can be issued any more.
  public mutating func superseded(at now: Instant) -> [MachineAction] {
    guard phase != .superseded else { return [] }
    phase = .superseded
    var refused: [MachineAction] = [.note(.superseded)] + failQueue(.superseded)
    if case .renewing = statement { statement = .idle }
    for lease in closing { refused += forsake(lease.id) }
    acquiring = .idle
    releasing = .idle
    return refused + pump(at: now)
  }

  mutating func failQueue(_ refusal: MachineAction.Refusal) -> [MachineAction] {
    defer { queue = [] }
    return queue.map { .fail($0.id, refusal) }
  }

  /// Answers callers whose time is over, and those whose outcome stayed unknown for too long.
  private mutating func expireRequests(at now: Instant) -> [MachineAction] {
    var actions: [MachineAction] = []
    let refusal: MachineAction.Refusal =
      grantsAreClosed
      ? .grantsClosed
      : recalling.map(MachineAction.Refusal.recalling) ?? .coordinatorUnavailable
    actions += queue.filter { $0.deadline <= now }.map { .fail($0.id, refusal) }
    queue.removeAll { $0.deadline <= now }

    var graceIsOver = false
    if case .unresolved(_, let since, _) = statement {
      graceIsOver = now.milliseconds(since: since) >= settings.unknownGraceMilliseconds
    }
    let late = stopWaiting { graceIsOver || $0.deadline <= now }
    actions += late.map { .fail($0, .outcomeUnknown) }
    return actions
  }

  /// Marks entries of the batch as answered; returns which.
  @discardableResult
  private mutating func stopWaiting(where matches: (Request) -> Bool) -> [RequestID] {
    guard var batch = statement.batch else { return [] }
    var stopped: [RequestID] = []
    for index in batch.entries.indices
    where batch.entries[index].isWaiting && matches(batch.entries[index].request) {
      batch.entries[index].isWaiting = false
      stopped.append(batch.entries[index].request.id)
    }
    switch statement {
    case .idle, .renewing: break
    case .committing: statement = .committing(batch)
    case .unresolved(_, let since, let readBackAt):
      statement = .unresolved(batch, since: since, readBackAt: readBackAt)
    }
    return stopped
  }

  private mutating func closeAllWhenIdle() {
    // While the coordinator is away what was committed ahead is all there is to hand out.
    guard statement == .idle, coordinatorIsUp else { return }
    for lease in active { close(lease.id) }
  }
}
