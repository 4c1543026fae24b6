extension LeaseMachine {
  /// From when on a lease may have expired at the coordinator, by the node's own clock. It is neither raised
  /// nor renewed any more then: a coordinator that was restored from before, and whose clock is behind, would
  /// take it for live, though its numbers were granted to another node meanwhile.
  ///
  /// The coordinator counts from when the statement arrived, later than from when it was sent; a twentieth
  /// is for clocks that do not run alike.
  func lapse(of lease: HeldLease) -> Instant {
    lease.renewedAt.advanced(
      byMilliseconds: settings.timeToLiveMilliseconds - settings.timeToLiveMilliseconds / 20)
  }

  func hasLapsed(_ lease: HeldLease, at now: Instant) -> Bool { lapse(of: lease) <= now }

  /// A statement that renews a lease was answered. When the lease has lapsed meanwhile that is too late: the
  /// statement may have met a coordinator for which the lease is live again, or, when it raised nothing,
  /// one for which it had expired.
  mutating func wasRenewed(_ id: LeaseID, by sentAt: Instant, at now: Instant) {
    guard let lease = lease(id), !hasLapsed(lease, at: now) else { return }
    updateLease(id) { $0.renewedAt = sentAt }
  }

  /// Which leases to renew now; empty while a commit, which renews them too, is under way. When it
  /// is not empty it is reported with `renewAnswered` or `renewFailed`.
  public mutating func beginRenewal(at now: Instant) -> [LeaseReference] {
    guard phase != .superseded, coordinatorIsUp, statement == .idle, !active.isEmpty else {
      return []
    }
    let renewable = active.filter { !hasLapsed($0, at: now) }
    guard !renewable.isEmpty else { return [] }
    statement = .renewing(sentAt: now)
    return renewable.map(LeaseReference.init)
  }

  public mutating func renewAnswered(_ replies: [RenewReply], at now: Instant) -> [MachineAction] {
    guard case .renewing(let sentAt) = statement else { return [] }
    statement = .idle
    var actions: [MachineAction] = []
    for reply in replies {
      switch reply.outcome {
      case .live: wasRenewed(reply.lease, by: sentAt, at: now)
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
    guard case .renewing = statement else { return [] }
    statement = .idle
    return failure == .unavailable ? coordinatorWentAway(at: now) : pump(at: now)
  }
}
