public import Allocator
public import LeaseCore
public import LibPQ
import SerialFormat

/// The coordinator of a node: the SQL functions of the schema `serial`, called as the node's role.
///
/// A call that is answered with a WARNING did not do what a commit promises (a wait for the standby
/// that was cancelled is reported so): its outcome is unknown.
public struct PostgresCoordinator: LeaseCoordinating {
  let pool: ConnectionPool
  let identity: SessionIdentity
  /// How long a call may take, in milliseconds: the server's limit and a margin.
  let callMilliseconds: Int

  public init(pool: ConnectionPool, identity: SessionIdentity, callMilliseconds: Int) {
    self.pool = pool
    self.identity = identity
    self.callMilliseconds = callMilliseconds
  }

  var boot: Parameter { .uuid(identity.bootID.uuid) }
  var timeToLive: Parameter { .int(identity.timeToLiveMilliseconds) }
  var standby: Parameter { .bool(identity.requiresStandby) }

  public func register() async throws(CoordinatorError) -> RegisterAnswer {
    let result = try await write(SQL.registerBoot, [boot, timeToLive])
    return try answer {
      let row = try result.singleRow()
      return RegisterAnswer(
        boot: try row.outcome("outcome", as: BootState.self), facts: try CoordinatorFacts(row: row))
    }
  }

  public func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply {
    let year: Parameter = plan.stream.namedYear.map { .int($0) } ?? .null
    let result = try await write(
      SQL.acquireBlocks,
      [
        boot, .text(plan.stream.kind.rawValue), year, .int(plan.needed), .int(plan.wanted),
        timeToLive, .uuidArray(plan.leases.map(\.id.uuid)),
        .uuidArray(plan.leases.map(\.token.uuid)), standby, .bool(plan.stream.usesReserve),
      ])
    return try answer {
      guard let first = result.rows.first else { throw Contradiction("acquire answered no row") }
      let counter = Counter(kind: plan.stream.kind, year: try first.decode("year"))
      return AcquireReply(
        outcome: try first.outcome("outcome", as: AcquireReply.Outcome.self), counter: counter,
        grants: try result.rows.compactMap(AcquireReply.Grant.init(row:)),
        free: try first.decode("free"), leasedElsewhere: try first.decode("leased_elsewhere"),
        reserved: try first.decode("reserved"))
    }
  }

  public func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError)
    -> [ReadBackReply]
  {
    let result = try await write(
      SQL.readBack,
      [
        boot, .uuidArray(leases.map(\.id.uuid)), .uuidArray(leases.map(\.token.uuid)),
        .intArray(leases.map(\.attempt)), standby,
      ])
    return try answer {
      try result.rows.map { row in
        ReadBackReply(
          lease: LeaseID(try row.decode("lease_id")),
          outcome: try row.outcome("outcome", as: ReadBackReply.Outcome.self),
          committedThrough: try row.decode("committed_through", as: Int?.self) ?? 0,
          revision: try row.decode("revision", as: Int?.self) ?? 0,
          attempt: try row.decode("attempt", as: Int?.self) ?? 0,
          recalled: try row.decode("recalled"))
      }
    }
  }

  public func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer {
    let result = try await write(
      SQL.renewLeases,
      [boot, .uuidArray(leases.map(\.id.uuid)), .uuidArray(leases.map(\.token.uuid)), timeToLive])
    return try answer {
      var boot: Row?
      var replies: [RenewReply] = []
      for row in result.rows {
        guard let id = try row.decode("lease_id", as: UUIDColumn?.self) else {
          boot = row
          continue
        }
        replies.append(
          RenewReply(
            lease: LeaseID(id), outcome: try row.outcome("outcome", as: RenewReply.Outcome.self),
            recalled: try row.decode("recalled")))
      }
      guard let boot else { throw Contradiction("renew answered nothing about the boot") }
      return RenewAnswer(
        boot: try boot.outcome("outcome", as: BootState.self), leases: replies,
        facts: try CoordinatorFacts(row: boot), drainRequested: try boot.decode("drain"))
    }
  }

  public func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply] {
    let result = try await write(
      SQL.releaseLeases,
      [
        boot, .uuidArray(items.map(\.lease.id.uuid)), .uuidArray(items.map(\.lease.token.uuid)),
        .intArray(items.map(\.handedOut)),
      ])
    return try answer {
      try result.rows.map { row in
        ReleaseReply(
          lease: LeaseID(try row.decode("lease_id")),
          outcome: try row.outcome("outcome", as: ReleaseReply.Outcome.self),
          givenBack: try row.decode("given_back"),
          issuedThrough: try row.decode("issued_through", as: Int?.self) ?? 0)
      }
    }
  }

  public func reapExpired() async throws(CoordinatorError) -> Int {
    let result = try await write(SQL.reapExpired, [])
    return try answer { try result.singleRow().decode("closed") }
  }

  public func hint() async throws(CoordinatorError) { _ = try await write(SQL.sendHint, []) }

  func write(
    _ statement: Statement, _ parameters: [Parameter],
    while isInTime: @escaping @Sendable () -> Bool = { true }
  ) async throws(CoordinatorError) -> StatementResult {
    try await pool.callDurably(
      statement, parameters, milliseconds: callMilliseconds, while: isInTime)
  }
}
