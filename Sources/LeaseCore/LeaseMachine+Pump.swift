extension LeaseMachine {
  /// Sends whatever can be sent now. Called after every event.
  mutating func pump(at now: Instant) -> [MachineAction] {
    guard phase != .superseded else { return pumpSuperseded(at: now) }
    guard coordinatorIsUp else { return [] }
    var actions: [MachineAction] = []
    if statement == .idle {
      actions += closeWhatIsDone()
      let mayCommit = commitNotBefore.map { $0 <= now } ?? true
      if mayCommit, let batch = nextBatch(at: now) {
        statement = .committing(batch)
        actions.append(.commit(batch.plan))
      } else if phase == .draining, queue.isEmpty, acquiring.plan == nil {
        for lease in active { close(lease.id) }
      } else if mayCommit {
        // A recalled lease that does not cover who waits helps nobody here.
        for lease in active where lease.recall == .recalled { close(lease.id) }
      }
    }
    if let action = readBackAgain(at: now) { actions.append(action) }
    if let action = nextAcquire(at: now) { actions.append(action) }
    if let action = nextRelease(at: now) { actions.append(action) }
    return actions
  }

  /// Nothing is issued any more. A commit without an answer is still resolved, so that its callers
  /// get their numbers; everything else is dropped: the coordinator has closed it.
  private mutating func pumpSuperseded(at now: Instant) -> [MachineAction] {
    var actions = failQueue(.superseded)
    if statement == .idle {
      let dropped = stock.reduce(0) { $0 + $1.block.count }
      if dropped > 0 { actions.append(.note(.abandoned(dropped))) }
      stock = []
      active = []
      fenced = []
    }
    if coordinatorIsUp, let action = readBackAgain(at: now) { actions.append(action) }
    return actions
  }

  /// Leases that are used up, or recalled and served, or of a year that is over, go back.
  private mutating func closeWhatIsDone() -> [MachineAction] {
    for lease in active {
      let isRecalled = lease.recall == .served || (lease.recall == .recalled && queue.isEmpty)
      // One that is used up stays while its stock waits for a recipient: it need not be given back.
      let isUsedUp = lease.uncommitted == nil && !stock.contains { $0.lease == lease.id }
      if isUsedUp || isRecalled || lease.counter != issuing { close(lease.id) }
    }
    // What was committed for nobody in a year that is over is not handed out in the next.
    let old = stock.filter { $0.counter != issuing }.reduce(0) { $0 + $1.block.count }
    stock.removeAll { $0.counter != issuing }
    forgetEmptyFenced()
    return old > 0 ? [.note(.abandoned(old))] : []
  }

  /// Takes requests in order of arrival for as long as their numbers are there. The first that
  /// wants more than that waits for a grant, and the others behind it: nobody is starved.
  private mutating func nextBatch(at now: Instant) -> Batch? {
    guard !queue.isEmpty else { return nil }
    var leases: Set<LeaseID> = []
    var pieces = usablePieces()[...]
    var entries: [Batch.Entry] = []
    var lines: [CommitPlan.Line] = []
    var taken = 0
    for request in queue {
      guard lines.count < Self.linesPerCommit,
        let (mine, rest) = Self.take(request.count, from: pieces)
      else { break }
      let touched = leases.union(mine.map(\.lease))
      guard taken == 0 || touched.count <= Self.leasesPerCommit else { break }
      leases = touched
      pieces = rest
      taken += 1
      entries.append(Batch.Entry(request: request, pieces: mine, isWaiting: true))
      lines += mine.map {
        CommitPlan.Line(
          lease: $0.lease, block: $0.block, request: request.id, subject: request.subject,
          again: $0.again)
      }
    }
    guard let counter = issuing, taken > 0 else { return nil }
    queue.removeFirst(taken)
    let plan = CommitPlan(counter: counter, raises: raises(for: lines, at: now), lines: lines)
    let used = Set(lines.map(\.lease))
    for index in active.indices
    where active[index].recall == .recalled && used.contains(active[index].id) {
      active[index].recall = .served
    }
    for line in lines where line.again { takeFromStock(line) }
    return Batch(plan: plan, entries: entries)
  }

  /// `count` numbers from the front of the pieces, and what is left; nil when there are too few.
  private static func take(
    _ count: Int, from pieces: ArraySlice<Batch.Piece>
  ) -> (taken: [Batch.Piece], rest: ArraySlice<Batch.Piece>)? {
    var missing = count
    var rest = pieces
    var taken: [Batch.Piece] = []
    while missing > 0 {
      guard let piece = rest.popFirst(), let split = piece.block.split(taking: missing) else {
        return nil
      }
      missing -= split.taken.count
      taken.append(Batch.Piece(lease: piece.lease, block: split.taken, again: piece.again))
      if let left = split.rest {
        rest = [Batch.Piece(lease: piece.lease, block: left, again: piece.again)] + rest
      }
    }
    return (taken, rest)
  }

  /// What the lines raise; and active leases that want renewing, which no renewal reaches while one
  /// commit follows the other.
  private func raises(for lines: [CommitPlan.Line], at now: Instant) -> [CommitPlan.Raise] {
    let lively = Set(active.map(\.id))
    return (active + closing + fenced).compactMap { lease in
      let own = lines.filter { $0.lease == lease.id }
      let wantsRenewal =
        lively.contains(lease.id)
        && now.milliseconds(since: lease.renewedAt) >= settings.timeToLiveMilliseconds / 3
      guard !own.isEmpty || wantsRenewal else { return nil }
      let highest = own.filter { !$0.again }.map(\.block.last).max()
      return CommitPlan.Raise(
        lease: LeaseReference(lease), revision: lease.revision, expected: lease.committedThrough,
        through: highest ?? lease.committedThrough, handedOut: handedOut(lease))
    }
  }

  private mutating func takeFromStock(_ line: CommitPlan.Line) {
    guard
      let index = stock.firstIndex(where: {
        $0.lease == line.lease && $0.block.first == line.block.first
      })
    else { preconditionFailure("a line names numbers that are not in stock") }
    let piece = stock.remove(at: index)
    guard let rest = piece.block.above(line.block.last) else { return }
    stock.insert(
      StockPiece(lease: piece.lease, counter: piece.counter, block: rest), at: index)
  }
}
