extension LeaseMachine {
  /// A caller asks for numbers.
  public mutating func requested(_ request: Request, at now: Instant) -> [MachineAction] {
    switch phase {
    case .draining: return [.fail(request.id, .draining)]
    case .superseded: return [.fail(request.id, .superseded)]
    case .running: break
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
    if phase == .running, queue.isEmpty, let lastRequestAt,
      now.milliseconds(since: lastRequestAt) >= settings.timeToLiveMilliseconds
    {
      closeAllWhenIdle()
    }
    actions += pump(at: now)
    return actions
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
    let refused: [MachineAction] = [.note(.superseded)] + failQueue(.superseded)
    if statement == .renewing { statement = .idle }
    closing = []
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
    let refusal = recalling.map(MachineAction.Refusal.recalling) ?? .coordinatorUnavailable
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
    guard statement == .idle else { return }
    for lease in active { close(lease.id) }
  }
}
