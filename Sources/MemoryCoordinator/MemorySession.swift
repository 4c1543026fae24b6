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

  public func register() async throws(CoordinatorError) -> RegisterAnswer {
    try await ledger.register(identity, node: node)
  }

  public func report(_ report: HoldingsReport) async throws(CoordinatorError) -> ReportAnswer {
    try await ledger.report(report, identity, node: node)
  }

  public func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply {
    try await ledger.acquire(plan, identity, node: node)
  }

  public func commit(_ plan: CommitPlan, while isInTime: @escaping @Sendable () -> Bool)
    async throws(CoordinatorError) -> CommitAnswer
  {
    guard isInTime() else {
      throw CoordinatorError(.notDone, detail: "it was too late to send it")
    }
    return try await ledger.commit(plan, identity, node: node)
  }

  public func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError)
    -> [ReadBackReply]
  { try await ledger.readBack(leases, identity, node: node) }

  public func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer {
    try await ledger.renew(leases, identity, node: node)
  }

  public func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply] {
    try await ledger.release(items, identity, node: node)
  }

  public func reapExpired() async throws(CoordinatorError) -> Int { await ledger.reap(nil) }

  public func resolve(_ keys: [KeyOwner]) async throws(CoordinatorError) -> [KeyAnswer] {
    try await ledger.resolve(keys, node: node)
  }

  public func sweepKeys() async throws(CoordinatorError) -> Int {
    try await ledger.sweepKeys(node: node)
  }

  public func hint() async throws(CoordinatorError) {}
}
