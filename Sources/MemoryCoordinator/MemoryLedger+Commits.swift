import Allocator
import Foundation
import LeaseCore

extension MemoryLedger {
  func commit(_ plan: CommitPlan, _ identity: SessionIdentity, node: String)
    throws(CoordinatorError) -> CommitAnswer
  {
    try admit(node)
    let outcomes = plan.raises.map { ($0, verdict($0, of: plan, identity, node: node)) }
    guard outcomes.allSatisfy({ $0.1 == .committed }) else {
      return CommitAnswer(
        leases: outcomes.map { reply($0.0, $0.1 == .committed ? .notTried : $0.1) })
    }
    let refused = refusals(in: plan)
    guard refused.isEmpty else {
      return CommitAnswer(leases: plan.raises.map { reply($0, .notTried) }, refused: refused)
    }
    if flaw != .commitUnchecked { try check(plan) }
    let carried = carriedNumbers(in: plan)
    let bad = try refusedRecords(in: plan)
    guard carried.isEmpty, bad.isEmpty else {
      return CommitAnswer(
        leases: plan.raises.map { reply($0, .notTried) }, refused: bad, recorded: carried)
    }
    for raise in plan.raises { apply(raise, identity) }
    for line in plan.lines {
      guard let counter = leaseRows[line.lease]?.counter else { continue }
      issueLog.append(LogLine(counter: counter, line: line, node: node, at: now))
    }
    take(plan.keys, in: plan)
    insertRecords(of: plan)
    return CommitAnswer(leases: plan.raises.map { reply($0, .committed) })
  }

  private func reply(_ raise: CommitPlan.Raise, _ outcome: CommitReply.Outcome) -> CommitReply {
    CommitReply(
      lease: raise.lease.id, outcome: outcome,
      recalled: leaseRows[raise.lease.id]?.recalledAt != nil)
  }

  private func apply(_ raise: CommitPlan.Raise, _ identity: SessionIdentity) {
    guard var lease = leaseRows[raise.lease.id] else { return }
    lease.committedThrough = raise.through
    lease.revision += 1
    if lease.isLive {
      lease.handedOutThrough = raise.handedOut
      if lease.expiresAt > now {
        lease.expiresAt = now + Double(identity.timeToLiveMilliseconds) / 1000
      }
    }
    leaseRows[raise.lease.id] = lease
  }

  private func verdict(
    _ raise: CommitPlan.Raise, of plan: CommitPlan, _ identity: SessionIdentity, node: String
  ) -> CommitReply.Outcome {
    if identity.requiresStandby && !hasStandby { return .noStandby }
    guard let lease = leaseRows[raise.lease.id] else { return .unknownLease }
    // flaw: neither token, attempt and revision nor the state of the lease are looked at
    if flaw == .commitUnchecked { return .committed }
    guard lease.node == node, lease.bootID == identity.bootID else { return .notHolder }
    guard lease.token == raise.lease.token else { return .staleToken }
    guard lease.attempt == raise.lease.attempt else { return .staleAttempt }
    guard lease.revision == raise.revision, lease.committedThrough == raise.expected,
      raise.expected <= raise.through, raise.through <= lease.block.last,
      lease.handedOutThrough <= raise.handedOut, raise.handedOut <= raise.through
    else { return .unexpected }
    let lines = plan.lines.filter { $0.lease == lease.id }
    let onlyReports = raise.through == raise.expected && lines.allSatisfy(\.delivered)
    if !onlyReports {
      if !lease.named && lease.counter.year != runningYear { return .yearOver }
      if counters[lease.counter]?.isFrozen == true { return .frozen }
    }
    if lease.isLive && lease.expiresAt > now { return .committed }
    // Lines for what a closed lease had committed are still taken, but a number that was struck out
    // meanwhile gets no new recipient.
    let isStruckOut = lines.contains { line in
      !line.delivered && line.block.numbers.contains { isVoid($0, of: lease.counter) }
    }
    if raise.through == raise.expected, boots[identity.bootID]?.isCurrent == true, !isStruckOut {
      return .committed
    }
    return lease.isLive ? .expired : .closed
  }

  /// What the constraints and checks of the schema refuse.
  private func check(_ plan: CommitPlan) throws(CoordinatorError) {
    var seen: [(Counter, Block)] = []
    for line in plan.lines {
      guard let raise = plan.raises.first(where: { $0.lease.id == line.lease }),
        let lease = leaseRows[line.lease],
        line.block.first >= lease.block.first,
        line.block.last <= (line.again || line.delivered ? raise.expected : raise.through),
        line.block.last <= lease.closedThrough ?? lease.block.last
      else {
        throw CoordinatorError(.rejected, detail: "a line is outside of what its lease committed")
      }
      let earlier = issueLog.filter {
        $0.counter == lease.counter && $0.line.block.overlaps(line.block) && !$0.line.again
      }
      let isKnown = earlier.contains {
        $0.line.lease == line.lease && $0.line.block.first <= line.block.first
          && line.block.last <= $0.line.block.last
      }
      guard line.again ? isKnown : earlier.isEmpty,
        line.again || !seen.contains(where: { $0.0 == lease.counter && $0.1.overlaps(line.block) })
      else {
        throw CoordinatorError(.rejected, detail: "a number has two lines in the issue log")
      }
      if !line.again { seen.append((lease.counter, line.block)) }
    }
  }

  func readBack(_ references: [LeaseReference], _ identity: SessionIdentity, node: String)
    throws(CoordinatorError) -> [ReadBackReply]
  {
    try admit(node)
    if identity.requiresStandby && !hasStandby {
      throw CoordinatorError(.notDone, detail: "no synchronous standby is configured")
    }
    return references.map { reference in
      func unknown(_ outcome: ReadBackReply.Outcome) -> ReadBackReply {
        ReadBackReply(
          lease: reference.id, outcome: outcome, committedThrough: 0, revision: 0, attempt: 0,
          recalled: false)
      }
      guard var lease = leaseRows[reference.id] else { return unknown(.unknownLease) }
      guard lease.node == node, lease.bootID == identity.bootID else { return unknown(.notHolder) }
      guard lease.token == reference.token else { return unknown(.staleToken) }
      lease.attempt = max(lease.attempt, reference.attempt)
      leaseRows[reference.id] = lease
      return ReadBackReply(
        lease: lease.id, outcome: lease.isLive ? .live : .closed,
        committedThrough: lease.committedThrough, revision: lease.revision, attempt: lease.attempt,
        recalled: lease.recalledAt != nil)
    }
  }
}
