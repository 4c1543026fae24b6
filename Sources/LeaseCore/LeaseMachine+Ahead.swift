import SerialFormat

/// Commit-ahead: numbers that are committed before anybody asks, handed out without the
/// coordinator, and reported to the issue log afterwards.
extension LeaseMachine {
  /// How many numbers are to lie committed ahead now. None while numbers are scarce, since others
  /// wait for them, and none while nobody asks.
  func aheadTarget(at now: Instant) -> Int {
    guard phase == .running, !scarce, recalling == nil, let lastRequestAt,
      issuing.map(isYearOver) != true,
      now.milliseconds(since: lastRequestAt) < settings.timeToLiveMilliseconds
    else { return 0 }
    return settings.commitAhead.target(
      ratePerSecond: rate.perSecond(at: now), roundTripMilliseconds: roundTrip.milliseconds)
  }

  /// Through which number each lease is to be raised beyond what the entries take. Empty when
  /// enough lies ahead and nothing else is sent anyway: half of the target is enough then.
  func aheadRaises(above entries: [Batch.Entry], at now: Instant) -> [LeaseID: Int] {
    let target = aheadTarget(at: now)
    let pieces = entries.flatMap(\.pieces)
    let taken = pieces.filter { $0.source == .ahead }.reduce(0) { $0 + $1.block.count }
    let left =
      usablePieces().filter { $0.source == .ahead }.reduce(0) { $0 + $1.block.count } - taken
    guard left < target, !entries.isEmpty || left * 2 < target else { return [:] }
    var missing = target - left
    var raises: [LeaseID: Int] = [:]
    for lease in active
    where missing > 0 && lease.counter == issuing && lease.recall == .no
      && raises.count < Self.leasesPerCommit / 2
    {
      let highest = pieces.filter { $0.lease == lease.id && $0.source == .fresh }
        .map(\.block.last).max()
      let start = max(lease.committedThrough, highest ?? 0)
      let count = min(missing, lease.block.last - start)
      guard count > 0 else { continue }
      raises[lease.id] = start + count
      missing -= count
    }
    return raises
  }

  /// Hands out of what is committed ahead at once, with or without the coordinator; nil when that
  /// does not cover the request, or when the coordinator has to see it first.
  mutating func deliverAhead(_ request: Request) -> [MachineAction]? {
    guard !request.keepsItsNumbers, queue.isEmpty, let issuing, !isYearOver(issuing) else {
      return nil
    }
    let pieces = usablePieces().filter { $0.source == .ahead }
    guard let (taken, _) = Self.take(request.count, from: pieces[...]) else { return nil }
    for piece in taken {
      demandCommitted(piece)
      takeFromStock(piece)
    }
    reports += taken.map {
      CommitPlan.Line(
        lease: $0.lease, block: $0.block, request: request.id, subject: request.subject,
        again: false, delivered: true)
    }
    return [.deliver(request.id, issuing, taken.map(\.block))]
  }

  /// By the node's own clock the counter's year is over, so nothing of it is handed out without the
  /// coordinator, whose clock decides. A year that the node's clock has not reached is not over.
  func isYearOver(_ counter: Counter) -> Bool {
    guard stream.namedYear == nil, let clockYear else { return false }
    return counter.year < clockYear
  }
}
