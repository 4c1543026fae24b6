extension LeaseMachine {
  mutating func nextRelease(at now: Instant) -> MachineAction? {
    switch releasing {
    case .sent: return nil
    case .waiting(let until) where until > now: return nil
    case .waiting, .idle: break
    }
    releasing = .idle
    guard !closing.isEmpty else { return nil }
    // What was handed out of a lease is written down before it goes, and nothing else is under way.
    let busy = Set((statement.batch?.plan.raises.map(\.lease.id) ?? []) + reports.map(\.lease))
    let leases = closing.filter { !busy.contains($0.id) }.prefix(Self.leasesPerRelease)
    guard !leases.isEmpty else { return nil }
    releasing = .sent(leases.map(\.id))
    return .release(
      leases.map { ReleaseItem(lease: LeaseReference($0), handedOut: kept($0)) })
  }

  public mutating func releaseAnswered(_ replies: [ReleaseReply], at now: Instant)
    -> [MachineAction]
  {
    guard case .sent(let ids) = releasing else { return [] }
    releasing = .idle
    var actions: [MachineAction] = []
    for reply in replies where ids.contains(reply.lease) {
      guard let index = closing.firstIndex(where: { $0.id == reply.lease }) else { continue }
      let lease = closing.remove(at: index)
      switch reply.outcome {
      case .released, .already:
        actions.append(.note(.released(lease.id, givenBack: reply.givenBack)))
        actions += keepIssued(of: lease, through: reply.issuedThrough)
        keepFenced(lease)
      case .notHolder, .staleToken, .unknownLease, .unexpected:
        actions.append(.note(.incident(lease.id, reply.outcome.rawValue)))
        actions += forsake(lease.id)
      }
    }
    return actions + pump(at: now)
  }

  /// A release can be repeated: it is idempotent, and the node issues nothing from these leases.
  public mutating func releaseFailed(_ failure: CallFailure, at now: Instant) -> [MachineAction] {
    guard case .sent = releasing else { return [] }
    releasing = .waiting(until: now.advanced(byMilliseconds: settings.retryMilliseconds))
    return failure == .unavailable ? coordinatorWentAway(at: now) : []
  }

  /// What was committed ahead came back, but for holes below a number that has a line: they stay
  /// issued, and the next request gets them. Nothing above what was asked to be kept: a coordinator that
  /// had lost the release, and was told by the journal how far was committed, keeps that as issued,
  /// though it was granted to somebody else meanwhile.
  private mutating func keepIssued(of lease: HeldLease, through issued: Int) -> [MachineAction] {
    let kept = kept(lease)
    let ahead = stock.filter { $0.lease == lease.id && !$0.isLogged }
    stock.removeAll { $0.lease == lease.id && !$0.isLogged }
    func part(through last: Int) -> [StockPiece] {
      ahead.compactMap { piece in
        Block(first: piece.block.first, last: min(piece.block.last, last)).map {
          StockPiece(lease: piece.lease, counter: piece.counter, block: $0, isLogged: false)
        }
      }
    }
    let stays = part(through: issued)
    let holes = part(through: min(issued, kept))
    let mayIssue = lease.counter == issuing && phase == .running
    if mayIssue { addStock(holes) }
    let count = Self.count(stays) - (mayIssue ? Self.count(holes) : 0)
    return count > 0 ? [.note(.abandoned(count))] : []
  }

  private static func count(_ pieces: [StockPiece]) -> Int {
    pieces.reduce(0) { $0 + $1.block.count }
  }
}
