public import Allocator
import Coordinator
public import LibPQ
public import Records
public import SerialFormat
import Synchronization

/// Reads the registry as the node's role. Each call is one statement, after the first one has asked
/// whether the registry is ready.
public struct PostgresRecordReading: RecordReading {
  let pool: ConnectionPool
  /// How long a query may take, in milliseconds.
  let callMilliseconds: Int
  private let readiness = Readiness()

  public init(pool: ConnectionPool, callMilliseconds: Int) {
    self.pool = pool
    self.callMilliseconds = callMilliseconds
  }

  public func alias(_ text: String) async throws(CoordinatorError) -> Serial? {
    try await aliases([text])[text]
  }

  public func aliases(_ texts: [String]) async throws(CoordinatorError) -> [String: Serial] {
    // No old identifier has a NUL byte, and none can be sent.
    let possible = texts.filter { !$0.utf8.contains(0) }
    guard !possible.isEmpty else { return [:] }
    let rows = try await read(RegistrySQL.findAliases, [.textArray(possible)])
    return try answer {
      var found: [String: Serial] = [:]
      for row in rows {
        let alias: String = try row.decode("alias")
        found[alias] = try row.serial("serial")
      }
      return found
    }
  }

  public func job(_ name: JobName) async throws(CoordinatorError) -> JobRecord? {
    switch name {
    case .serial(let serial): return try await jobs([serial]).first
    case .id(let id):
      let rows = try await read(RegistrySQL.findJobByID, [.int(id)])
      return try answer { try rows.first?.job() }
    }
  }

  public func target(_ name: TargetName) async throws(CoordinatorError) -> TargetRecord? {
    switch name {
    case .serial(let serial): return try await targets([serial]).first
    case .id(let id):
      let rows = try await read(RegistrySQL.findTargetByID, [.int(id)])
      return try answer { try rows.first?.target() }
    }
  }

  public func execution(_ serial: ExecutionSerial)
    async throws(CoordinatorError) -> ExecutionRecord?
  { try await executions([serial]).first }

  public func branch(_ serial: BranchSerial) async throws(CoordinatorError) -> BranchDetail? {
    let rows = try await read(RegistrySQL.findBranch, [.text(serial.description)])
    return try answer {
      try rows.first.map { BranchDetail(branch: try $0.branch(), job: try $0.jobReference()) }
    }
  }

  public func jobs(_ serials: [JobSerial]) async throws(CoordinatorError) -> [JobRecord] {
    try await find(serials, RegistrySQL.findJobs, { try $0.job() }, \.serial)
  }

  public func targets(_ serials: [TargetSerial]) async throws(CoordinatorError) -> [TargetRecord] {
    try await find(serials, RegistrySQL.findTargets, { try $0.target() }, \.serial)
  }

  public func executions(_ serials: [ExecutionSerial])
    async throws(CoordinatorError) -> [ExecutionRecord]
  { try await find(serials, RegistrySQL.findExecutions, { try $0.execution() }, \.serial) }

  public func branches(_ serials: [BranchSerial])
    async throws(CoordinatorError) -> [BranchRecord]
  { try await find(serials, RegistrySQL.findBranches, { try $0.branch() }, \.serial) }

  /// The records of serials, in the order asked: one that is asked for twice is there twice.
  private func find<S: SerialProtocol, Record>(
    _ serials: [S], _ statement: Statement, _ record: (Row) throws -> Record,
    _ serial: (Record) -> S
  ) async throws(CoordinatorError) -> [Record] {
    if serials.isEmpty { return [] }
    let rows = try await read(statement, [.textArray(serials.map(\.description))])
    return try answer {
      let found = try rows.map(record)
      let bySerial = Dictionary(found.map { (serial($0), $0) }, uniquingKeysWith: { one, _ in one })
      return serials.compactMap { bySerial[$0] }
    }
  }

  func read(_ statement: Statement, _ parameters: [Parameter] = [])
    async throws(CoordinatorError) -> ResultRows
  {
    try await demandReady()
    return try await pool.call(statement, parameters, milliseconds: callMilliseconds).rows
  }

  /// A registry that is ready stays so, so that this is asked until it is, and then never again.
  private func demandReady() async throws(CoordinatorError) {
    if readiness.isKnown.load(ordering: .relaxed) { return }
    let rows = try await pool.call(RegistrySQL.readState, [], milliseconds: callMilliseconds).rows
    let state = try answer { try rows.first?.decode("state", as: String?.self) }
    guard state == "ready" else {
      throw CoordinatorError(
        .rejected, detail: "the registry is not migrated: run serialctl migrate-legacy")
    }
    readiness.isKnown.store(true, ordering: .relaxed)
  }

  private final class Readiness: Sendable {
    let isKnown = Atomic(false)
  }
}
