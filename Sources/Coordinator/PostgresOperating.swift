public import Allocator
public import LeaseCore
public import LibPQ
import SerialFormat

/// What an administrator may do, by the SQL functions of the schema `serial`, called as the node's role
/// for the subject of a token.
public struct PostgresOperating: ClusterOperating {
  let pool: ConnectionPool
  /// How long a call may take, in milliseconds.
  let callMilliseconds: Int

  public init(pool: ConnectionPool, callMilliseconds: Int) {
    self.pool = pool
    self.callMilliseconds = callMilliseconds
  }

  public func void(_ block: Block, of counter: Counter, reason: String, by subject: String)
    async throws(CoordinatorError) -> VoidOutcome
  { try await change(SQL.voidNumbers, block, of: counter, reason: reason, by: subject) }

  public func unvoid(_ block: Block, of counter: Counter, reason: String, by subject: String)
    async throws(CoordinatorError) -> VoidOutcome
  { try await change(SQL.unvoidNumbers, block, of: counter, reason: reason, by: subject) }

  public func freeze(_ counter: Counter, _ frozen: Bool, reason: String, by subject: String)
    async throws(CoordinatorError)
  {
    _ = try await write(
      SQL.setFrozen, counter.parameters + [.bool(frozen), .text(reason), .text(subject)])
  }

  public func setReserve(_ numbers: Int, of counter: Counter, by subject: String)
    async throws(CoordinatorError)
  { _ = try await write(SQL.setReserve, counter.parameters + [.int(numbers), .text(subject)]) }

  public func setQuota(of subject: String, perMinute: Int?, perYear: Int?, by administrator: String)
    async throws(CoordinatorError)
  {
    _ = try await write(
      SQL.setQuota,
      [
        .text(subject), perMinute.map { .int($0) } ?? .null, perYear.map { .int($0) } ?? .null,
        .text(administrator),
      ])
  }

  public func drain(node: String, by subject: String) async throws(CoordinatorError) -> NodeOutcome
  {
    let result = try await write(SQL.drainNode, [.text(node), .text(subject)])
    let outcome = try answer {
      try result.singleRow().outcome("outcome", as: NodeOutcome.self)
    }
    // The node asks at once, and not only with its next renewal. A hint that is lost costs that time.
    if outcome == .done { _ = try? await write(SQL.sendHint, []) }
    return outcome
  }

  public func retire(node: String, reason: String, by subject: String)
    async throws(CoordinatorError) -> NodeOutcome
  {
    let result = try await write(SQL.retireNode, [.text(node), .text(reason), .text(subject)])
    return try answer { try result.singleRow().outcome("outcome", as: NodeOutcome.self) }
  }

  public func recover(reason: String, by subject: String)
    async throws(CoordinatorError) -> [String]
  {
    let result = try await write(SQL.recoverGrants, [.text(reason), .text(subject)])
    return try answer { try result.singleRow().decode("not_reported") }
  }

  public func setRecovery(waitMilliseconds: Int?, failoverIsSynchronous: Bool?, by subject: String)
    async throws(CoordinatorError)
  {
    _ = try await write(
      SQL.setRecovery,
      [
        waitMilliseconds.map { .int($0) } ?? .null,
        failoverIsSynchronous.map { .bool($0) } ?? .null, .text(subject),
      ])
  }

  private func change(
    _ statement: Statement, _ block: Block, of counter: Counter, reason: String, by subject: String
  ) async throws(CoordinatorError) -> VoidOutcome {
    let result = try await write(
      statement,
      counter.parameters + [.int(block.first), .int(block.last), .text(reason), .text(subject)])
    return try answer {
      let row = try result.singleRow()
      let number: Int = try row.decode("number")
      switch try row.decode("outcome", as: String.self) {
      case "done": return .done(number)
      case "recorded": return .recorded(number)
      case "leased": return .leased(number, node: try row.decode("node"))
      case "not-void": return .notVoid(number)
      case let outcome: throw Contradiction("outcome is \(outcome)")
      }
    }
  }

  private func write(_ statement: Statement, _ parameters: [Parameter])
    async throws(CoordinatorError) -> StatementResult
  { try await pool.callDurably(statement, parameters, milliseconds: callMilliseconds) }
}

extension Counter {
  /// Kind and year.
  fileprivate var parameters: [Parameter] { [.text(kind.rawValue), .int(year)] }
}
