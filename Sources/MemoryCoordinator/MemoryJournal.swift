public import Allocator
public import LeaseCore

/// A journal that is forgotten when the process ends: for tests, and for programs whose coordinator
/// is in memory as well.
public actor MemoryJournal: GrantJournaling {
  private var facts: CoordinatorFacts?
  private var holdings: [LeaseID: Holding] = [:]
  private var order: [LeaseID] = []

  public init() {}

  public func granted(_ grants: [Grant], by facts: CoordinatorFacts) {
    self.facts = facts
    for grant in grants where holdings[grant.lease] == nil {
      order.append(grant.lease)
      holdings[grant.lease] = Holding(
        lease: grant.lease, boot: grant.boot, counter: grant.counter, block: grant.block,
        issuedThrough: grant.block.first - 1, isExact: false)
    }
  }

  public func progressed(_ issuedThrough: [LeaseID: Int], facts: CoordinatorFacts?) {
    if let facts { self.facts = facts }
    for (lease, through) in issuedThrough { update(lease, through: through, isExact: false) }
  }

  public func settled(_ leases: [ReportAnswer.Settled]) {
    for lease in leases { update(lease.lease, through: lease.issuedThrough, isExact: true) }
  }

  public func memory() -> JournalMemory {
    JournalMemory(facts: facts, holdings: order.compactMap { holdings[$0] })
  }

  private func update(_ lease: LeaseID, through: Int, isExact: Bool) {
    guard let old = holdings[lease] else { return }
    holdings[lease] = Holding(
      lease: old.lease, boot: old.boot, counter: old.counter, block: old.block,
      issuedThrough: isExact ? through : max(old.issuedThrough, through),
      isExact: isExact || old.isExact, isSettled: isExact || old.isSettled)
  }
}
