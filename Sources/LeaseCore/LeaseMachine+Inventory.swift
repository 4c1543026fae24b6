import SerialFormat

extension LeaseMachine {
  /// Numbers that can be promised to a request now: the stock, and what is not committed.
  var availableCount: Int {
    let usable = usablePieces()
    // A commit under way has promised the lowest of its leases' numbers, which are not committed yet.
    let fresh = Set(usable.filter { !$0.again }.map(\.lease))
    let promised = (statement.batch?.plan.lines ?? [])
      .filter { !$0.again && fresh.contains($0.lease) }
      .reduce(0) { $0 + $1.block.count }
    return usable.reduce(0) { $0 + $1.block.count } - promised
  }

  /// Nothing is held and nothing is under way.
  public var isEmpty: Bool {
    active.isEmpty && closing.isEmpty && queue.isEmpty && statement == .idle
      && acquiring.plan == nil
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
    return min(lease.committedThrough, (lowest ?? Capacity.counter + 1) - 1)
  }

  /// The stock and the uncommitted part of each lease, in the order in which they are used. Only of
  /// the counter that is issued from, and not of a lease that a release is under way for.
  func usablePieces() -> [Batch.Piece] {
    let fromStock = stock.filter { piece in
      piece.counter == issuing && !closing.contains { $0.id == piece.lease }
    }
    let fresh = active.filter { $0.counter == issuing && $0.recall != .served }
    return fromStock.map { Batch.Piece(lease: $0.lease, block: $0.block, again: true) }
      + fresh.compactMap { lease in
        lease.uncommitted.map { Batch.Piece(lease: lease.id, block: $0, again: false) }
      }
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

  /// Takes a lease out of use without giving it back: the coordinator closed it already.
  mutating func fence(_ id: LeaseID) {
    guard let index = active.firstIndex(where: { $0.id == id }) else { return }
    let lease = active.remove(at: index)
    if stock.contains(where: { $0.lease == id }) { fenced.append(lease) }
  }

  /// Drops the stock of a lease; returns how many numbers that were.
  mutating func dropStock(of id: LeaseID) -> Int {
    let dropped = stock.filter { $0.lease == id }.reduce(0) { $0 + $1.block.count }
    stock.removeAll { $0.lease == id }
    fenced.removeAll { $0.id == id }
    return dropped
  }

  mutating func forgetEmptyFenced() {
    fenced.removeAll { lease in !stock.contains { $0.lease == lease.id } }
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
    case .waiting(_, let repeated): repeated
    }
  }
}
