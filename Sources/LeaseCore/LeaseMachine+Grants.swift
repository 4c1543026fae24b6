import SerialFormat

extension LeaseMachine {
  /// A node that issues less than this in a horizon asks only for what its requests need.
  static let smallestPrefetch = 4

  /// The next acquire: what waits and is not covered, or the next block before this one ends.
  mutating func nextAcquire(at now: Instant) -> MachineAction? {
    switch acquiring {
    case .sent: return nil
    case .waiting(let until, let repeated):
      guard until <= now else { return nil }
      if let repeated {
        acquiring = .sent(repeated.plan, at: repeated.since, isRepeat: true)
        return .acquire(repeated.plan)
      }
    case .idle: break
    }
    let missing = queue.reduce(0) { $0 + $1.count } - availableCount
    let ratePerSecond = rate.perSecond(at: now)
    let ahead = aheadTarget(at: now)
    let comfortable = max(settings.sizing.wanted(ratePerSecond: ratePerSecond, needed: 1), ahead)
    let isPrefetch =
      phase == .running && !scarce && !active.isEmpty && comfortable >= Self.smallestPrefetch
      && availableCount <= comfortable / 2
    guard missing > 0 || isPrefetch else {
      acquiring = .idle
      recalling = nil
      grantsAreClosed = false
      return nil
    }
    let needed = min(max(missing, 1), 1000)
    let plan = AcquirePlan(
      stream: stream, needed: needed,
      wanted: min(
        max(settings.sizing.wanted(ratePerSecond: ratePerSecond, needed: needed), needed + ahead),
        Capacity.counter),
      leases: (0..<Self.blocksPerAcquire).map { _ in makeName() })
    acquiring = .sent(plan, at: now, isRepeat: false)
    return .acquire(plan)
  }

  public mutating func acquireAnswered(_ reply: AcquireReply, at now: Instant) -> [MachineAction] {
    guard case .sent(let plan, let sentAt, _) = acquiring else { return [] }
    var actions: [MachineAction] = []
    acquiring = .idle
    grantsAreClosed = reply.outcome == .grantsClosed
    switch reply.outcome {
    case .superseded: return superseded(at: now)
    case .frozen:
      for lease in active where statement == .idle { close(lease.id) }
      return refusedGrant(.frozen(reply.counter), at: now)
    case .noStandby: return refusedGrant(.noStandby, at: now)
    case .grantsClosed:
      // Who waits may still be served when the nodes have reported.
      acquiring = .waiting(
        until: now.advanced(byMilliseconds: settings.recallRetryMilliseconds), repeated: nil)
      return pump(at: now)
    case .granted, .none: break
    }
    if !reply.grants.isEmpty { issuing = reply.counter }
    for grant in reply.grants {
      guard let name = plan.leases.first(where: { $0.id == grant.id }), lease(grant.id) == nil
      else { continue }
      addActive(
        HeldLease(
          id: grant.id, token: name.token, counter: reply.counter, block: grant.block,
          grantedAt: sentAt))
      actions.append(.note(.granted(grant.id, grant.block)))
    }
    let granted = reply.grants.reduce(0) { $0 + $1.block.count }
    scarce = granted < plan.wanted / 2
    let wasRecalling = recalling != nil
    recalling = nil
    // With numbers left it was the number of blocks that was bounded: the rest is asked for at
    // once.
    if granted < plan.needed, reply.free == 0 {
      // What is on its way back is nobody's at this moment; asked again it will be counted.
      let isCounted =
        closing.isEmpty && releasing == .idle && !active.contains { $0.recall == .served }
      let elsewhere = reply.free + reply.leasedElsewhere
      if isCounted { actions += failExhausted(reply, elsewhere: elsewhere) }
      recalling = reply.counter
      if reply.leasedElsewhere > 0, !wasRecalling, !queue.isEmpty { actions.append(.hint) }
      acquiring = .waiting(
        until: now.advanced(byMilliseconds: settings.recallRetryMilliseconds), repeated: nil)
    }
    return actions + pump(at: now)
  }

  public mutating func acquireFailed(_ failure: CallFailure, at now: Instant) -> [MachineAction] {
    guard case .sent(let plan, let since, let isRepeat) = acquiring else { return [] }
    let retryAt = now.advanced(byMilliseconds: settings.retryMilliseconds)
    // An acquire that may have been done is repeated with the same identifiers, whoever waits,
    // until it is answered with what it granted.
    acquiring = .waiting(
      until: retryAt,
      repeated: failure == .unknown || isRepeat ? .init(plan: plan, since: since) : nil)
    return failure == .unavailable ? coordinatorWentAway(at: now) : []
  }

  /// Nothing new is granted. What is held is still issued; who wants more than that is refused.
  private mutating func refusedGrant(
    _ refusal: MachineAction.Refusal, at now: Instant
  ) -> [MachineAction] {
    acquiring = .waiting(
      until: now.advanced(byMilliseconds: settings.recallRetryMilliseconds), repeated: nil)
    var left = availableCount
    var uncovered: [Request] = []
    for request in queue {
      if request.count <= left { left -= request.count } else { uncovered.append(request) }
    }
    queue.removeAll { request in uncovered.contains { $0.id == request.id } }
    return uncovered.map { .fail($0.id, refusal) } + pump(at: now)
  }

  /// Refuses the requests that want more than everything that can still be issued.
  private mutating func failExhausted(
    _ reply: AcquireReply, elsewhere: Int
  ) -> [MachineAction] {
    let reachable = elsewhere + availableCount + underWayCount
    let hopeless = queue.filter { $0.count > reachable }
    queue.removeAll { $0.count > reachable }
    return hopeless.map { request in
      let isInReserve = request.count <= reachable + reply.reserved
      return .fail(
        request.id, isInReserve ? .reserveOnly(reply.counter) : .capacityExhausted(reply.counter))
    }
  }

  /// Numbers in a statement without an answer: they may come back to the stock.
  private var underWayCount: Int {
    let entries = statement.batch?.entries ?? []
    return entries.flatMap(\.pieces).reduce(0) { $0 + $1.block.count }
  }
}
