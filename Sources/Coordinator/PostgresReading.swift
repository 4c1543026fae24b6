public import Allocator
import Foundation
public import LeaseCore
public import LibPQ
import SerialFormat

/// What the cluster holds, read from the coordinator's views as the node's role.
public struct PostgresReading: ClusterReading {
  let pool: ConnectionPool
  /// How long a query may take, in milliseconds.
  let callMilliseconds: Int

  public init(pool: ConnectionPool, callMilliseconds: Int) {
    self.pool = pool
    self.callMilliseconds = callMilliseconds
  }

  public func ledger() async throws(CoordinatorError) -> [LedgerEntry] {
    let rows = try await read(SQL.listLedger)
    return try answer {
      try rows.map { row in
        LedgerEntry(
          counter: try row.counter(), capacity: try row.decode("capacity"),
          issued: try row.decode("issued"), leased: try row.decode("leased"),
          free: try row.decode("free"), void: try row.decode("void"),
          reserve: try row.decode("reserve"), frozen: try row.decode("frozen"))
      }
    }
  }

  public func nodes() async throws(CoordinatorError) -> [NodeEntry] {
    let rows = try await read(SQL.listNodes)
    return try answer {
      try rows.map { row in
        NodeEntry(
          node: try row.decode("node"), region: try row.decode("region"),
          state: try row.decode("state"), live: try row.decode("live"),
          bootID: try row.decode("boot_id", as: UUIDColumn?.self).map(BootID.init),
          startedAt: try row.decode("started_at"), lastSeenAt: try row.decode("last_seen_at"),
          leases: try row.decode("leases"), leasedNumbers: try row.decode("leased_numbers"))
      }
    }
  }

  public func leases() async throws(CoordinatorError) -> [LeaseEntry] {
    let rows = try await read(SQL.listLeases)
    return try answer {
      try rows.map { row in
        LeaseEntry(
          id: LeaseID(try row.decode("lease_id")), node: try row.decode("node"),
          counter: try row.counter(), block: try row.block(),
          committedThrough: try row.decode("committed_through"), atRisk: try row.decode("at_risk"),
          grantedAt: try row.decode("granted_at"), expiresAt: try row.decode("expires_at"),
          recalledAt: try row.decode("recalled_at"))
      }
    }
  }

  public func number(_ number: Int, of counter: LeaseCore.Counter) async throws(CoordinatorError)
    -> NumberEntry
  {
    let rows = try await read(
      SQL.locateNumber, [.text(counter.kind.rawValue), .int(counter.year), .int(number)])
    return try answer {
      guard let row = rows.first else { throw Contradiction("locate_number answered no row") }
      return NumberEntry(
        state: try row.outcome("state", as: NumberEntry.State.self), node: try row.decode("node"),
        subject: try row.decode("subject"),
        requestID: try row.decode("request_id", as: UUIDColumn?.self).map(RequestID.init),
        issuedAt: try row.decode("issued_at"))
    }
  }

  public func connectionFacts() async -> ConnectionFacts? {
    let facts = try? await pool.withConnection(deadline: .now + .milliseconds(callMilliseconds)) {
      try await $0.tlsFacts
    }
    return facts.map {
      ConnectionFacts(
        tlsProtocol: $0.protocolVersion, cipher: $0.cipher, certificateSubject: $0.peerSubject,
        certificateEnd: $0.peerNotAfter)
    }
  }

  func read(_ statement: Statement, _ parameters: [Parameter] = [])
    async throws(CoordinatorError) -> ResultRows
  { try await pool.call(statement, parameters, milliseconds: callMilliseconds).rows }
}

extension Row {
  /// The columns `kind` and `year`.
  func counter() throws -> LeaseCore.Counter {
    LeaseCore.Counter(
      kind: try outcome("kind", as: CounterKind.self), year: try decode("year"))
  }
}
