extension LeaseMachine {
  /// Sends whatever can be sent now. Called after every event.
  mutating func pump(at now: Instant) -> [MachineAction] {
    guard phase != .superseded else { return pumpSuperseded(at: now) }
    guard coordinatorIsUp else { return [] }
    var actions: [MachineAction] = []
    if statement == .idle {
      actions += closeWhatLapsed(at: now)
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
      actions += abandonWhenDrained()
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
      for lease in active + fenced { actions += forsake(lease.id) }
    }
    if coordinatorIsUp, let action = readBackAgain(at: now) { actions.append(action) }
    return actions
  }

  /// Gives back what the coordinator may have called expired. What was handed out of it is written down
  /// first: lines raise nothing.
  private mutating func closeWhatLapsed(at now: Instant) -> [MachineAction] {
    let lapsed = active.filter { hasLapsed($0, at: now) }
    for lease in lapsed { close(lease.id) }
    return lapsed.map { .note(.fenced($0.id, "lapsed")) }
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
    let over = stock.filter { $0.counter != issuing && staysIssued($0) }
    return dropStock(where: over.contains)
  }

  /// Once everything was given back nobody will be handed what proved to have no caller.
  private mutating func abandonWhenDrained() -> [MachineAction] {
    guard phase == .draining, queue.isEmpty, active.isEmpty, closing.isEmpty, statement == .idle
    else { return [] }
    return dropStock { _ in true }
  }

  /// The next commit: the requests whose numbers are there, what was handed out ahead, and what is
  /// to be committed ahead. Nil when there is nothing of it.
  private mutating func nextBatch(at now: Instant) -> Batch? {
    let due = Array(
      reports.filter { !releasing.contains($0.lease) }.prefix(Self.linesPerCommit / 2))
    let entries = nextEntries(atMost: Self.linesPerCommit - due.count)
    let isApart = entries.first?.request.isApart == true
    let reported = isApart ? [] : due
    let ahead = isApart ? [:] : aheadRaises(above: entries, at: now)
    guard !entries.isEmpty || !reported.isEmpty || !ahead.isEmpty else { return nil }
    guard let counter = issuing ?? reported.first.flatMap({ lease($0.lease)?.counter }) else {
      return nil
    }
    let lines =
      reported
      + entries.flatMap { entry in
        entry.pieces.map {
          CommitPlan.Line(
            lease: $0.lease, block: $0.block, request: entry.request.id,
            subject: entry.request.subject, again: $0.source == .logged)
        }
      }
    let raises = raises(for: entries, lines: lines, ahead: ahead, at: now)
    let plan = CommitPlan(
      counter: counter, raises: raises, lines: lines,
      keys: entries.compactMap { entry in
        entry.request.owner.map { KeyClaim(request: entry.request.id, owner: $0) }
      },
      records: entries.map(\.request).filter { !$0.records.isEmpty }.map {
        RecordClaim(request: $0.id, rows: $0.records)
      },
      sendBefore: raises.filter { $0.through > $0.expected }
        .compactMap { lease($0.lease.id).map(lapse) }.min())
    queue.removeFirst(entries.count)
    reports.removeAll { reported.contains($0) }
    let used = Set(lines.map(\.lease))
    for index in active.indices
    where active[index].recall == .recalled && used.contains(active[index].id) {
      active[index].recall = .served
    }
    for piece in entries.flatMap(\.pieces) where piece.source != .fresh { takeFromStock(piece) }
    return Batch(plan: plan, entries: entries, reports: reported, sentAt: now)
  }

  /// Takes requests in order of arrival for as long as their numbers are there. The first that
  /// wants more than that waits for a grant, and the others behind it: nobody is starved.
  private func nextEntries(atMost limit: Int) -> [Batch.Entry] {
    var leases: Set<LeaseID> = []
    var owners: Set<KeyOwner> = []
    var pieces = usablePieces()[...]
    var entries: [Batch.Entry] = []
    var load = RowLoad()
    var lines = 0
    for request in queue {
      if request.isApart || entries.first?.request.isApart == true, !entries.isEmpty { break }
      guard lines < limit, let (mine, rest) = Self.take(request.count, from: pieces) else { break }
      // Two requests with one key are one request: the second is told so when the first is
      // committed.
      if let owner = request.owner, !owners.insert(owner).inserted { break }
      let touched = leases.union(mine.map(\.lease))
      guard entries.isEmpty || touched.count <= Self.leasesPerCommit, load.add(request) else {
        break
      }
      leases = touched
      pieces = rest
      lines += mine.count
      entries.append(Batch.Entry(request: request, pieces: mine, isWaiting: true))
    }
    return entries
  }

  /// `count` numbers from the front of the pieces, and what is left; nil when there are too few.
  static func take(
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
      taken.append(Batch.Piece(lease: piece.lease, block: split.taken, source: piece.source))
      if let left = split.rest {
        rest = [Batch.Piece(lease: piece.lease, block: left, source: piece.source)] + rest
      }
    }
    return (taken, rest)
  }

  /// What the lines raise; and active leases that want renewing, which no renewal reaches while one
  /// commit follows the other.
  private func raises(
    for entries: [Batch.Entry], lines: [CommitPlan.Line], ahead: [LeaseID: Int], at now: Instant
  ) -> [CommitPlan.Raise] {
    let lively = Set(active.map(\.id))
    let touched = Set(lines.map(\.lease))
    let fresh = entries.flatMap(\.pieces).filter { $0.source == .fresh }
    return (active + closing + fenced).compactMap { lease in
      let wantsRenewal =
        lively.contains(lease.id)
        && now.milliseconds(since: lease.renewedAt) >= settings.timeToLiveMilliseconds / 3
      guard touched.contains(lease.id) || ahead[lease.id] != nil || wantsRenewal else { return nil }
      let highest = fresh.filter { $0.lease == lease.id }.map(\.block.last).max()
      return CommitPlan.Raise(
        lease: LeaseReference(lease), revision: lease.revision, expected: lease.committedThrough,
        through: max(lease.committedThrough, highest ?? 0, ahead[lease.id] ?? 0),
        handedOut: handedOut(lease))
    }
  }
}
