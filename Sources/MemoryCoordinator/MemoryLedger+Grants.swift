import Allocator
import Foundation
import LeaseCore

extension MemoryLedger {
  func register(_ identity: SessionIdentity, node: String) throws(CoordinatorError) -> BootState {
    guard regions[node] != nil else {
      throw CoordinatorError(.rejected, detail: "\(node) is not the name of a node")
    }
    if let boot = boots[identity.bootID] { return boot.isCurrent ? .registered : .superseded }
    for lease in leaseRows.values where lease.isLive && lease.node == node {
      close(lease.id, through: lease.committedThrough, released: false)
    }
    for (id, boot) in boots where boot.node == node && boot.isCurrent {
      boots[id]?.isCurrent = false
    }
    boots[identity.bootID] = Boot(
      node: node, startedAt: now, lastSeenAt: now,
      timeToLive: Double(identity.timeToLiveMilliseconds) / 1000)
    return .registered
  }

  func acquire(_ plan: AcquirePlan, _ identity: SessionIdentity, node: String) -> AcquireReply {
    let asked = plan.leases.compactMap { leaseRows[$0.id] }.first
    let counter =
      asked?.counter
      ?? Counter(kind: plan.stream.kind, year: plan.stream.namedYear ?? runningYear)
    func empty(_ outcome: AcquireReply.Outcome) -> AcquireReply {
      AcquireReply(outcome: outcome, counter: counter, grants: [], free: 0, leasedElsewhere: 0)
    }
    if identity.requiresStandby && !hasStandby { return empty(.noStandby) }
    guard let boot = boots[identity.bootID], boot.isCurrent, boot.node == node else {
      return empty(.superseded)
    }
    openCounter(counter)
    _ = reap(counter)
    var outcome = AcquireReply.Outcome.granted
    if asked == nil {
      if counters[counter]?.isFrozen == true {
        outcome = .frozen
      } else {
        outcome = grant(plan, counter: counter, boot: boot, identity, node: node) ? .granted : .none
      }
    }
    let mine = plan.leases.compactMap { leaseRows[$0.id] }.filter { $0.isLive }
    let free = freeCount(counter)
    let others = leaseRows.values.filter {
      $0.isLive && $0.counter == counter && $0.bootID != identity.bootID
    }
    let elsewhere = others.reduce(0) { $0 + $1.block.last - $1.handedOutThrough }
    let uncommitted = mine.reduce(0) { $0 + $1.block.last - $1.committedThrough }
    if free == 0, outcome != .frozen, plan.needed > uncommitted {
      for lease in others where lease.handedOutThrough < lease.block.last {
        leaseRows[lease.id]?.recalledAt = lease.recalledAt ?? now
      }
    }
    if outcome == .granted && mine.isEmpty { outcome = .none }
    return AcquireReply(
      outcome: outcome, counter: counter,
      grants: mine.sorted { $0.block < $1.block }.map { .init(id: $0.id, block: $0.block) },
      free: free, leasedElsewhere: elsewhere)
  }

  private func grant(
    _ plan: AcquirePlan, counter: Counter, boot: Boot, _ identity: SessionIdentity, node: String
  ) -> Bool {
    let liveNodes = boots.values.filter {
      $0.isCurrent && $0.lastSeenAt + $0.timeToLive > now
    }.count
    let size = BlockSizing.granted(
      wanted: plan.wanted, needed: plan.needed, free: freeCount(counter), liveNodes: liveNodes)
    let blocks = takeLowest(size, of: counter, pieces: plan.leases.count)
    for (name, block) in zip(plan.leases, blocks) {
      leaseRows[name.id] = Lease(
        id: name.id, node: node, bootID: identity.bootID, token: name.token, counter: counter,
        block: block, named: plan.stream.namedYear != nil, grantedAt: now,
        committedThrough: block.first - 1, handedOutThrough: block.first - 1,
        expiresAt: now + Double(identity.timeToLiveMilliseconds) / 1000)
    }
    return !blocks.isEmpty
  }

  func renew(_ references: [LeaseReference], _ identity: SessionIdentity, node: String)
    -> RenewAnswer
  {
    let timeToLive = Double(identity.timeToLiveMilliseconds) / 1000
    let replies = references.map { reference -> RenewReply in
      let outcome: RenewReply.Outcome
      let lease = leaseRows[reference.id]
      if let lease {
        if lease.node != node || lease.bootID != identity.bootID {
          outcome = .notHolder
        } else if lease.token != reference.token {
          outcome = .staleToken
        } else if !lease.isLive {
          outcome = .closed
        } else {
          outcome = lease.expiresAt <= now ? .expired : .live
        }
      } else {
        outcome = .unknownLease
      }
      if outcome == .live { leaseRows[reference.id]?.expiresAt = now + timeToLive }
      return RenewReply(
        lease: reference.id, outcome: outcome,
        recalled: outcome == .live && lease?.recalledAt != nil)
    }
    guard let boot = boots[identity.bootID], boot.node == node else {
      return RenewAnswer(boot: .unknownBoot, leases: replies)
    }
    guard boot.isCurrent else { return RenewAnswer(boot: .superseded, leases: replies) }
    boots[identity.bootID]?.lastSeenAt = now
    boots[identity.bootID]?.timeToLive = timeToLive
    return RenewAnswer(boot: .registered, leases: replies)
  }

  func release(_ items: [ReleaseItem], _ identity: SessionIdentity, node: String)
    -> [ReleaseReply]
  {
    items.map { item in
      let (outcome, givenBack) = release(item, identity, node: node)
      return ReleaseReply(lease: item.lease.id, outcome: outcome, givenBack: givenBack)
    }
  }

  private func release(_ item: ReleaseItem, _ identity: SessionIdentity, node: String)
    -> (ReleaseReply.Outcome, Int)
  {
    guard let lease = leaseRows[item.lease.id] else { return (.unknownLease, 0) }
    guard lease.node == node, lease.bootID == identity.bootID else { return (.notHolder, 0) }
    guard lease.token == item.lease.token else { return (.staleToken, 0) }
    if lease.wasReleased { return (.already, 0) }
    guard item.handedOut >= lease.handedOutThrough, item.handedOut <= lease.committedThrough else {
      return (.unexpected, 0)
    }
    let through = issuedThrough(lease, handedOut: item.handedOut)
    guard let closedThrough = lease.closedThrough else {
      close(lease.id, through: through, released: true)
      return (.released, lease.block.last - through)
    }
    leaseRows[lease.id]?.closedThrough = through
    leaseRows[lease.id]?.wasReleased = true
    giveBack(Block(first: through + 1, last: closedThrough), to: lease.counter)
    return (.released, closedThrough - through)
  }
}
