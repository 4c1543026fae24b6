import SerialFormat

extension LeaseMachine {
  /// Numbers that can be promised to a request now: the stock, and what is not committed.
  var availableCount: Int {
    let usable = usablePieces()
    // A commit under way has promised the lowest of its leases' numbers, which are not committed
    // yet.
    let fresh = Set(usable.filter { $0.source == .fresh }.map(\.lease))
    let promised = (statement.batch?.entries ?? []).flatMap(\.pieces)
      .filter { $0.source == .fresh && fresh.contains($0.lease) }
      .reduce(0) { $0 + $1.block.count }
    return usable.reduce(0) { $0 + $1.block.count } - promised
  }

  /// Nothing is held and nothing is under way.
  public var isEmpty: Bool {
    active.isEmpty && closing.isEmpty && queue.isEmpty && statement == .idle
      && acquiring.plan == nil && reports.isEmpty
  }

  /// Nothing is held, under way or remembered.
  public var isSpent: Bool { isEmpty && stock.isEmpty && fenced.isEmpty && releasing == .idle }

  /// Committed ahead and handed to nobody: what a crash at this moment would cost.
  public var aheadCount: Int {
    stock.filter { !$0.isLogged }.reduce(0) { $0 + $1.block.count }
  }

  /// What a crash at this moment could leave issued and in nobody's hands: the stock, and
  /// everything in a commit that was not answered.
  public var atStakeCount: Int {
    let batch = statement.batch
    let raised = (batch?.plan.raises ?? []).reduce(0) { $0 + $1.through - $1.expected }
    let taken = (batch?.entries ?? []).flatMap(\.pieces).filter { $0.source != .fresh }
    return raised + taken.reduce(0) { $0 + $1.block.count }
      + stock.reduce(0) { $0 + $1.block.count }
  }

  /// Numbers in the hands of callers that the issue log does not show yet.
  public var unreportedNumbers: [Int] {
    (reports + (statement.batch?.reports ?? [])).flatMap(\.block.numbers)
  }

  /// Numbers of a counter that this machine holds and has not handed out.
  public func unissuedCount(of counter: Counter) -> Int {
    (active + closing).filter { $0.counter == counter }
      .reduce(0) { $0 + $1.block.last - handedOut($1) }
  }

  /// Leases with numbers that are neither committed nor given back yet.
  public var heldLeases: [HeldLease] { active + closing }

  /// Requests that wait for an answer.
  public var waitingCount: Int {
    let entries = statement.batch?.entries ?? []
    return queue.count + entries.filter(\.isWaiting).count
  }

  /// How far a lease has handed out: everything committed, but for what lies in stock.
  func handedOut(_ lease: HeldLease) -> Int {
    let lowest = stock.filter { $0.lease == lease.id }.map(\.block.first).min()
    return max(
      lease.unloggedThrough,
      min(lease.committedThrough, (lowest ?? Capacity.counter + 1) - 1))
  }

  /// What a release keeps: the highest committed number that is not committed ahead for nobody. Mostly
  /// the issue log says the same; but a coordinator that was restored may have lost its lines.
  func kept(_ lease: HeldLease) -> Int {
    var kept = lease.committedThrough
    for piece in stock.reversed() where piece.lease == lease.id && !piece.isLogged {
      guard piece.block.last == kept else { break }
      kept = piece.block.first - 1
    }
    return max(kept, lease.unloggedThrough)
  }

  /// The stock and the uncommitted part of each lease, in the order in which they are used. Only of
  /// the counter that is issued from, and not of a lease that a release is under way for.
  func usablePieces() -> [Batch.Piece] {
    let fromStock = stock.filter { piece in
      piece.counter == issuing && !closing.contains { $0.id == piece.lease }
    }
    let fresh = active.filter { $0.counter == issuing && $0.recall != .served }
    return fromStock.map {
      Batch.Piece(lease: $0.lease, block: $0.block, source: $0.isLogged ? .logged : .ahead)
    }
      + fresh.flatMap { lease in
        lease.issuable.map { Batch.Piece(lease: lease.id, block: $0, source: .fresh) }
      }
  }

  mutating func addStock(_ pieces: [StockPiece]) {
    stock = (stock + pieces).sorted { $0.block < $1.block }
  }

  /// Takes a piece out of the stock; it is a whole one or the lower part of one.
  mutating func takeFromStock(_ piece: Batch.Piece) {
    guard
      let index = stock.firstIndex(where: {
        $0.lease == piece.lease && $0.block.first == piece.block.first
      })
    else { preconditionFailure("\(piece.block) is not in stock") }
    let whole = stock.remove(at: index)
    guard let rest = whole.block.above(piece.block.last) else { return }
    stock.insert(
      StockPiece(
        lease: whole.lease, counter: whole.counter, block: rest, isLogged: whole.isLogged),
      at: index)
  }

  mutating func addActive(_ lease: HeldLease) {
    active.append(lease)
    active.sort { $0.block < $1.block }
  }

  func lease(_ id: LeaseID) -> HeldLease? {
    active.first { $0.id == id } ?? closing.first { $0.id == id } ?? fenced.first { $0.id == id }
  }

  mutating func updateLease(_ id: LeaseID, _ change: (inout HeldLease) -> Void) {
    for path in [\LeaseMachine.active, \LeaseMachine.closing, \LeaseMachine.fenced] {
      if let index = self[keyPath: path].firstIndex(where: { $0.id == id }) {
        change(&self[keyPath: path][index])
      }
    }
  }

  /// Takes a lease out of use that the coordinator closed already. It is given back all the same
  /// when something of it was committed ahead: that would stay issued to nobody.
  mutating func fence(_ id: LeaseID) {
    if stock.contains(where: { $0.lease == id && !$0.isLogged }) { return close(id) }
    guard let index = active.firstIndex(where: { $0.id == id }) else { return }
    keepFenced(active.remove(at: index))
  }

  /// Remembers a closed lease for as long as lines are to be written for it.
  mutating func keepFenced(_ lease: HeldLease) {
    if isNeeded(lease.id) { fenced.append(lease) }
  }

  private func isNeeded(_ id: LeaseID) -> Bool {
    stock.contains { $0.lease == id } || reports.contains { $0.lease == id }
  }

  /// Gives up a lease that this process may not speak for any more. Returns what to note.
  mutating func forsake(_ id: LeaseID) -> [MachineAction] {
    let lost = stock.filter { $0.lease == id }.reduce(0) { $0 + $1.block.count }
    let unreported = reports.filter { $0.lease == id }.reduce(0) { $0 + $1.block.count }
    stock.removeAll { $0.lease == id }
    reports.removeAll { $0.lease == id }
    for path in [\LeaseMachine.active, \LeaseMachine.closing, \LeaseMachine.fenced] {
      self[keyPath: path].removeAll { $0.id == id }
    }
    return (lost > 0 ? [.note(.abandoned(lost))] : [])
      + (unreported > 0 ? [.note(.unreported(unreported))] : [])
  }

  /// Drops committed numbers that may be handed out no more. What was committed ahead in a lease
  /// that is held stays, until the release that gives it back is answered. Returns what to note.
  mutating func dropStock(where matches: (StockPiece) -> Bool) -> [MachineAction] {
    let dropped = stock.filter(matches).reduce(0) { $0 + $1.block.count }
    stock.removeAll(where: matches)
    forgetEmptyFenced()
    return dropped > 0 ? [.note(.abandoned(dropped))] : []
  }

  /// No release will give it back: it is logged, or its lease is closed for good.
  func staysIssued(_ piece: StockPiece) -> Bool {
    piece.isLogged || fenced.contains { $0.id == piece.lease }
  }

  mutating func forgetEmptyFenced() {
    let needed = Set(stock.map(\.lease) + reports.map(\.lease))
    fenced.removeAll { !needed.contains($0.id) }
  }

  /// Moves a lease from use to the way back.
  mutating func close(_ id: LeaseID) {
    guard let index = active.firstIndex(where: { $0.id == id }) else { return }
    closing.append(active.remove(at: index))
  }
}

extension LeaseMachine.StatementSlot {
  var batch: Batch? {
    switch self {
    case .idle, .renewing: nil
    case .committing(let batch), .unresolved(let batch, _, _): batch
    }
  }
}

extension LeaseMachine.AcquireSlot {
  /// The plan whose outcome is open.
  var plan: AcquirePlan? {
    switch self {
    case .idle: nil
    case .sent(let plan, _, _): plan
    case .waiting(_, let repeated): repeated?.plan
    }
  }
}

extension LeaseMachine.ReleaseSlot {
  /// A release is under way for the lease.
  func contains(_ lease: LeaseID) -> Bool {
    if case .sent(let leases) = self { leases.contains(lease) } else { false }
  }
}
