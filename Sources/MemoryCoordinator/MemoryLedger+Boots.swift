import Allocator
import Foundation
import LeaseCore

/// Processes of nodes: how they start, live and end.
extension MemoryLedger {
  /// A ledger in memory forgets nothing, but in a simulation.
  var facts: CoordinatorFacts {
    CoordinatorFacts(
      systemIdentifier: "memory", timeline: 1, position: 0, generation: 1,
      grantsAreOpen: !hasGoneBack)
  }

  /// Every call of a node that is not one, or is one no more, is refused.
  func admit(_ node: String) throws(CoordinatorError) {
    guard let row = nodeRows[node] else {
      throw CoordinatorError(.rejected, detail: "\(node) is not the name of a node")
    }
    guard !row.isRetired else {
      throw CoordinatorError(.rejected, detail: "node \(node) is retired")
    }
  }

  func register(_ identity: SessionIdentity, node: String) throws(CoordinatorError)
    -> RegisterAnswer
  {
    try admit(node)
    if let boot = boots[identity.bootID] {
      return RegisterAnswer(boot: boot.isCurrent ? .registered : .superseded, facts: facts)
    }
    endBoot(of: node, reason: "superseded")
    boots[identity.bootID] = Boot(
      node: node, startedAt: now, lastSeenAt: now,
      timeToLive: Double(identity.timeToLiveMilliseconds) / 1000)
    note("boot", node: node, bootID: identity.bootID)
    return RegisterAnswer(boot: .registered, facts: facts)
  }

  /// Closes the node's leases at what they had committed, and ends its process.
  func endBoot(of node: String, reason: String) {
    for lease in leaseRows.values.sorted(by: { $0.block < $1.block })
    where lease.isLive && lease.node == node {
      close(lease.id, through: lease.committedThrough, reason: reason)
    }
    for (id, boot) in boots where boot.node == node { boots[id]?.isCurrent = false }
  }

  func currentBoot(of node: String) -> BootID? {
    boots.first { $0.value.node == node && $0.value.isCurrent }?.key
  }

  func renew(_ references: [LeaseReference], _ identity: SessionIdentity, node: String)
    throws(CoordinatorError) -> RenewAnswer
  {
    try admit(node)
    let timeToLive = Double(identity.timeToLiveMilliseconds) / 1000
    let replies = references.map { reference in
      let outcome = standing(of: reference, identity, node: node)
      if outcome == .live { leaseRows[reference.id]?.expiresAt = now + timeToLive }
      return RenewReply(
        lease: reference.id, outcome: outcome,
        recalled: outcome == .live && leaseRows[reference.id]?.recalledAt != nil)
    }
    guard let boot = boots[identity.bootID], boot.node == node else {
      return RenewAnswer(boot: .unknownBoot, leases: replies, facts: facts)
    }
    guard boot.isCurrent else {
      return RenewAnswer(boot: .superseded, leases: replies, facts: facts)
    }
    boots[identity.bootID]?.lastSeenAt = now
    boots[identity.bootID]?.timeToLive = timeToLive
    return RenewAnswer(
      boot: .registered, leases: replies, facts: facts, drainRequested: boot.drainRequested)
  }

  private func standing(
    of reference: LeaseReference, _ identity: SessionIdentity, node: String
  ) -> RenewReply.Outcome {
    guard let lease = leaseRows[reference.id] else { return .unknownLease }
    guard lease.node == node, lease.bootID == identity.bootID else { return .notHolder }
    guard lease.token == reference.token else { return .staleToken }
    guard lease.isLive else { return .closed }
    return lease.expiresAt <= now ? .expired : .live
  }

  /// Nothing of what a node remembers can be news here.
  func report(_ report: HoldingsReport, _ identity: SessionIdentity, node: String)
    throws(CoordinatorError) -> ReportAnswer
  {
    try admit(node)
    func answer(_ outcome: ReportAnswer.Outcome, settled: [ReportAnswer.Settled] = [])
      -> ReportAnswer
    {
      ReportAnswer(outcome: outcome, carved: 0, overlapping: 0, settled: settled, facts: facts)
    }
    guard boots[identity.bootID]?.isCurrent == true else { return answer(.superseded) }
    guard report.generation == facts.generation else { return answer(.again) }
    note("reported", node: node, bootID: identity.bootID)
    let settled = report.holdings.compactMap { holding in
      leaseRows[holding.lease]?.closedThrough.map {
        ReportAnswer.Settled(lease: holding.lease, issuedThrough: $0)
      }
    }
    return answer(.accepted, settled: settled)
  }
}
