import Allocator
import Foundation
import LeaseCore

/// Idempotency keys and quotas: what refuses a request of a commit.
extension MemoryLedger {
  /// For how long a key holds.
  static let keySeconds: TimeInterval = 24 * 60 * 60
  /// What one sweep removes at most.
  static let keysPerSweep = 1_000

  func resolve(_ owners: [KeyOwner], node: String) throws(CoordinatorError) -> [KeyAnswer] {
    try admit(node)
    return owners.map { owner in
      guard let row = heldKey(KeyName(owner)) else { return .unused }
      return row.requestHash == owner.key.requestHash ? .used(row.counter, row.blocks) : .reused
    }
  }

  func sweepKeys(node: String) throws(CoordinatorError) -> Int {
    try admit(node)
    let old = keyRows.keys.filter { heldKey($0) == nil }.prefix(Self.keysPerSweep)
    for name in old { keyRows[name] = nil }
    return old.count
  }

  /// The key, while its time is not over.
  private func heldKey(_ name: KeyName) -> KeyRow? {
    guard let row = keyRows[name], now.timeIntervalSince(row.takenAt) < Self.keySeconds else {
      return nil
    }
    return row
  }

  func take(_ claims: [KeyClaim], in plan: CommitPlan) {
    for claim in claims {
      let lines = plan.lines.filter { $0.request == claim.request }
      keyRows[KeyName(claim.owner)] = KeyRow(
        requestHash: claim.owner.key.requestHash, request: claim.request, counter: plan.counter,
        blocks: lines.map(\.block).sorted(), leases: Set(lines.map(\.lease)), takenAt: now)
    }
  }

  /// The requests of a plan that may not be done: those whose key is taken; if there are none,
  /// those that exceed a quota.
  func refusals(in plan: CommitPlan) -> [RefusedRequest] {
    var claimed: Set<KeyName> = []
    let taken = plan.keys.filter { claim in
      let name = KeyName(claim.owner)
      return heldKey(name) != nil || !claimed.insert(name).inserted
    }
    guard taken.isEmpty else {
      return taken.map { RefusedRequest(request: $0.request, reason: .keyTaken) }
    }
    return overQuota(plan)
  }

  /// Requests in the order of their lines; one that fits counts before the next.
  private func overQuota(_ plan: CommitPlan) -> [RefusedRequest] {
    var used: [String: (minute: Int, year: Int)] = [:]
    var refused: [RefusedRequest] = []
    var judged: Set<RequestID> = []
    // What was delivered counts, whatever becomes of the others.
    for line in plan.lines where line.delivered && quotaRows[line.subject] != nil {
      let before = used[line.subject] ?? usage(of: line.subject)
      used[line.subject] = (before.minute + line.block.count, before.year + line.block.count)
    }
    for line in plan.lines
    where !line.delivered && judged.insert(line.request).inserted {
      guard let quota = quotaRows[line.subject] else { continue }
      let before = used[line.subject] ?? usage(of: line.subject)
      let count = plan.lines.filter { $0.request == line.request && !$0.delivered }
        .reduce(0) { $0 + $1.block.count }
      let after = (minute: before.minute + count, year: before.year + count)
      if let limit = quota.perYear, after.year > limit {
        refused.append(refusal(line.request, until: .year))
      } else if let limit = quota.perMinute, after.minute > limit {
        refused.append(refusal(line.request, until: .minute))
      } else {
        used[line.subject] = after
      }
    }
    return refused
  }

  private func refusal(_ request: RequestID, until unit: Calendar.Component) -> RefusedRequest {
    let end = Self.calendar.dateInterval(of: unit, for: now)?.end ?? now
    return RefusedRequest(
      request: request, reason: .quotaExceeded,
      retryMilliseconds: Int((end.timeIntervalSince(now) * 1000).rounded(.up)))
  }

  /// Numbers of a subject in this minute and in this year, by the time of issue in UTC.
  func usage(of subject: String) -> (minute: Int, year: Int) {
    func numbers(in unit: Calendar.Component) -> Int {
      guard let interval = Self.calendar.dateInterval(of: unit, for: now) else { return 0 }
      return issueLog.filter {
        $0.line.subject == subject && interval.start <= $0.at && $0.at < interval.end
      }.reduce(0) { $0 + $1.line.block.count }
    }
    return (numbers(in: .minute), numbers(in: .year))
  }
}
