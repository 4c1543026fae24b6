public import Allocator
public import LeaseCore

/// One process of one node, speaking to a ledger in memory.
public struct MemorySession: LeaseCoordinating {
  let ledger: MemoryLedger
  /// The node that is calling: what the role of the connection is in PostgreSQL.
  let node: String
  let identity: SessionIdentity

  public init(ledger: MemoryLedger, node: String, identity: SessionIdentity) {
    self.ledger = ledger
    self.node = node
    self.identity = identity
  }

  public func register() async throws(CoordinatorError) -> BootState {
    try await ledger.register(identity, node: node)
  }

  public func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply {
    await ledger.acquire(plan, identity, node: node)
  }

  public func commit(_ plan: CommitPlan) async throws(CoordinatorError) -> [CommitReply] {
    try await ledger.commit(plan, identity, node: node)
  }

  public func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError)
    -> [ReadBackReply]
  { try await ledger.readBack(leases, identity, node: node) }

  public func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer {
    await ledger.renew(leases, identity, node: node)
  }

  public func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply] {
    await ledger.release(items, identity, node: node)
  }

  public func reapExpired() async throws(CoordinatorError) -> Int { await ledger.reap(nil) }
}
