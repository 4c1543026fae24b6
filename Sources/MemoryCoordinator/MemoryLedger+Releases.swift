import Allocator
import Foundation
import LeaseCore

/// How leases end.
extension MemoryLedger {
  func close(_ id: LeaseID, through: Int, reason: String) {
    guard var lease = leaseRows[id], lease.isLive else { preconditionFailure("\(id) is not live") }
    lease.closedThrough = through
    lease.closedAt = now
    lease.wasReleased = reason == "released"
    leaseRows[id] = lease
    giveBack(lease.block.above(through), to: lease.counter)
    note(
      reason, block: lease.block, lease: lease,
      detail: ["issued_through": "\(through)", "given_back": "\(lease.block.last - through)"])
  }

  /// Closes expired leases of one counter, or of all.
  func reap(_ counter: Counter?) -> Int {
    var count = 0
    for lease in leaseRows.values where lease.isLive && (counter == nil || lease.counter == counter)
    {
      if lease.expiresAt <= now {
        // flaw: what was committed is free again
        let through =
          flaw == .expiryFreesCommitted ? lease.block.first - 1 : lease.committedThrough
        close(lease.id, through: through, reason: "expired")
        count += 1
      } else if let boot = boots[lease.bootID] {
        // The clock stepped back: no lease outlives its time to live from now on.
        leaseRows[lease.id]?.expiresAt = min(lease.expiresAt, now + boot.timeToLive)
      }
    }
    return count
  }

  func release(_ items: [ReleaseItem], _ identity: SessionIdentity, node: String)
    throws(CoordinatorError) -> [ReleaseReply]
  {
    try admit(node)
    return items.map { item in
      let (outcome, givenBack) = release(item, identity, node: node)
      let isOwn = outcome == .released || outcome == .already
      return ReleaseReply(
        lease: item.lease.id, outcome: outcome, givenBack: givenBack,
        issuedThrough: isOwn ? leaseRows[item.lease.id]?.closedThrough ?? 0 : 0)
    }
  }

  private func release(_ item: ReleaseItem, _ identity: SessionIdentity, node: String)
    -> (ReleaseReply.Outcome, Int)
  {
    guard let lease = leaseRows[item.lease.id] else { return (.unknownLease, 0) }
    guard lease.node == node, lease.bootID == identity.bootID else { return (.notHolder, 0) }
    guard lease.token == item.lease.token else { return (.staleToken, 0) }
    if lease.wasReleased {
      // flaw: what came back is given back again, whoever holds it by now
      if flaw == .lateReleaseFrees {
        giveBack(lease.block.above(lease.issuedThrough), to: lease.counter)
      }
      return (.already, 0)
    }
    guard item.handedOut >= lease.handedOutThrough, item.handedOut <= lease.committedThrough else {
      return (.unexpected, 0)
    }
    let through = staysIssuedThrough(lease, handedOut: item.handedOut)
    guard let closedThrough = lease.closedThrough else {
      if flaw == .releaseLeavesOpen {
        // flaw: the numbers come back, and the lease stays open
        giveBack(lease.block.above(through), to: lease.counter)
        return (.released, lease.block.last - through)
      }
      close(lease.id, through: through, reason: "released")
      return (.released, lease.block.last - through)
    }
    leaseRows[lease.id]?.closedThrough = through
    leaseRows[lease.id]?.wasReleased = true
    let back = Block(first: through + 1, last: closedThrough)
    giveBack(back, to: lease.counter)
    if let back { note("released", block: back, lease: lease, detail: ["after": "closed"]) }
    return (.released, closedThrough - through)
  }

  /// What stays issued of a lease that is released: no number comes back that has a line in the
  /// issue log or a key, or that was struck out as an issued one.
  private func staysIssuedThrough(_ lease: Lease, handedOut: Int) -> Int {
    let logged = issueLog.filter { $0.line.lease == lease.id }.map(\.line.block.last)
    let keyed = keyRows.values.filter { $0.leases.contains(lease.id) }.flatMap(\.blocks)
      .filter { $0.overlaps(lease.block) }.map(\.last)
    let struckOut = (counters[lease.counter]?.void ?? [:])
      .filter { !$0.value.wasFree && lease.block.contains($0.key) }.map(\.key)
    return (logged + keyed + struckOut).reduce(handedOut, max)
  }
}
