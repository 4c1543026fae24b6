import Allocator
import Foundation
import LeaseCore
import SerialFormat

extension MemoryLedger {
  func acquire(_ plan: AcquirePlan, _ identity: SessionIdentity, node: String)
    throws(CoordinatorError) -> AcquireReply
  {
    try admit(node)
    let asked = plan.leases.compactMap { leaseRows[$0.id] }.first
    let year = plan.stream.namedYear ?? runningYear
    guard (2000...runningYear + 1).contains(year) else {
      throw CoordinatorError(.rejected, detail: "year \(year) is not within 2000...next year")
    }
    let counter = asked?.counter ?? Counter(kind: plan.stream.kind, year: year)
    func empty(_ outcome: AcquireReply.Outcome) -> AcquireReply {
      AcquireReply(outcome: outcome, counter: counter, grants: [], free: 0, leasedElsewhere: 0)
    }
    if identity.requiresStandby && !hasStandby { return empty(.noStandby) }
    guard let boot = boots[identity.bootID], boot.isCurrent, boot.node == node else {
      return empty(.superseded)
    }
    if hasGoneBack { return empty(.grantsClosed) }
    openCounter(counter)
    _ = reap(counter)
    let isFrozen = counters[counter]?.isFrozen == true
    if asked == nil && !isFrozen { grant(plan, counter: counter, identity, node: node) }
    return reply(to: plan, counter: counter, identity, isFrozen: asked == nil && isFrozen)
  }

  /// Free numbers that a stream may take.
  private func usable(_ counter: Counter, by stream: IssueStream) -> Int {
    let free = freeCount(counter)
    let reserve = stream.usesReserve ? 0 : counters[counter]?.reserve ?? 0
    return max(0, free - reserve)
  }

  private func grant(
    _ plan: AcquirePlan, counter: Counter, _ identity: SessionIdentity, node: String
  ) {
    let liveNodes = boots.values.filter {
      $0.isCurrent && $0.lastSeenAt + $0.timeToLive > now
    }.count
    let size = BlockSizing.granted(
      wanted: plan.wanted, needed: plan.needed, free: usable(counter, by: plan.stream),
      liveNodes: liveNodes)
    let blocks = takeLowest(size, of: counter, pieces: plan.leases.count)
    for (name, block) in zip(plan.leases, blocks) {
      // flaw: a block that the capacity cuts short goes back at once
      if flaw == .lastShortBlock, block.last == Capacity.counter, block.count < plan.wanted {
        giveBack(block, to: counter)
        continue
      }
      let lease = Lease(
        id: name.id, node: node, bootID: identity.bootID, token: name.token, counter: counter,
        block: block, named: plan.stream.namedYear != nil, grantedAt: now,
        committedThrough: block.first - 1, handedOutThrough: block.first - 1,
        expiresAt: now + Double(identity.timeToLiveMilliseconds) / 1000)
      leaseRows[name.id] = lease
      note("granted", block: block, lease: lease)
    }
  }

  /// What the plan's leases are now, and what else there is.
  private func reply(
    to plan: AcquirePlan, counter: Counter, _ identity: SessionIdentity, isFrozen: Bool
  ) -> AcquireReply {
    let mine = plan.leases.compactMap { leaseRows[$0.id] }.filter { $0.isLive }
    let free = usable(counter, by: plan.stream)
    let others = leaseRows.values.filter {
      $0.isLive && $0.counter == counter && $0.bootID != identity.bootID
    }
    let elsewhere = others.reduce(0) { $0 + $1.block.last - $1.handedOutThrough }
    let uncommitted = mine.reduce(0) { $0 + $1.block.last - $1.committedThrough }
    if free == 0, !isFrozen, plan.needed > uncommitted {
      recall(others.filter { $0.handedOutThrough < $0.block.last })
    }
    return AcquireReply(
      outcome: isFrozen ? .frozen : mine.isEmpty ? .none : .granted, counter: counter,
      grants: mine.sorted { $0.block < $1.block }.map { .init(id: $0.id, block: $0.block) },
      free: free, leasedElsewhere: elsewhere,
      reserved: plan.stream.usesReserve
        ? 0 : min(freeCount(counter), counters[counter]?.reserve ?? 0))
  }

  /// Asks the holders to give back what they have not handed out.
  func recall(_ leases: [Lease]) {
    for lease in leases.sorted(by: { $0.block < $1.block }) where lease.recalledAt == nil {
      leaseRows[lease.id]?.recalledAt = now
      note("recalled", block: lease.block.above(lease.committedThrough), lease: lease)
    }
  }
}
