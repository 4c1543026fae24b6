extension LeaseMachine {
  mutating func nextRelease(at now: Instant) -> MachineAction? {
    switch releasing {
    case .sent: return nil
    case .waiting(let until) where until > now: return nil
    case .waiting, .idle: break
    }
    releasing = .idle
    guard !closing.isEmpty else { return nil }
    let leases = closing.prefix(Self.leasesPerRelease)
    releasing = .sent(leases.map(\.id))
    return .release(
      leases.map { ReleaseItem(lease: LeaseReference($0), handedOut: handedOut($0)) })
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
        if stock.contains(where: { $0.lease == lease.id }) { fenced.append(lease) }
      case .notHolder, .staleToken, .unknownLease, .unexpected:
        actions.append(.note(.incident(lease.id, reply.outcome.rawValue)))
        _ = dropStock(of: lease.id)
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
}
