extension LeaseMachine {
  /// Which leases to renew now; empty while a commit, which renews them too, is under way. When it
  /// is not empty it is reported with `renewAnswered` or `renewFailed`.
  public mutating func beginRenewal(at now: Instant) -> [LeaseReference] {
    guard phase != .superseded, coordinatorIsUp, statement == .idle, !active.isEmpty else {
      return []
    }
    statement = .renewing
    return active.map(LeaseReference.init)
  }

  public mutating func renewAnswered(_ replies: [RenewReply], at now: Instant) -> [MachineAction] {
    guard statement == .renewing else { return [] }
    statement = .idle
    var actions: [MachineAction] = []
    for reply in replies {
      switch reply.outcome {
      case .live: updateLease(reply.lease) { $0.renewedAt = now }
      case .expired, .closed:
        guard active.contains(where: { $0.id == reply.lease }) else { continue }
        actions.append(.note(.fenced(reply.lease, reply.outcome.rawValue)))
        if reply.outcome == .expired { close(reply.lease) } else { fence(reply.lease) }
      case .notHolder, .staleToken, .unknownLease:
        guard active.contains(where: { $0.id == reply.lease }) else { continue }
        actions.append(.note(.incident(reply.lease, reply.outcome.rawValue)))
        actions += forsake(reply.lease)
      }
    }
    actions += noteRecalls(replies.filter(\.recalled).map(\.lease))
    return actions + pump(at: now)
  }

  /// A renewal that was lost is harmless whether it was done or not: the next one decides.
  public mutating func renewFailed(_ failure: CallFailure, at now: Instant) -> [MachineAction] {
    guard statement == .renewing else { return [] }
    statement = .idle
    return failure == .unavailable ? coordinatorWentAway(at: now) : pump(at: now)
  }
}
