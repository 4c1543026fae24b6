package import Allocator
import Foundation
import LeaseCore
package import LibPQ

typealias UUIDColumn = UUID

/// The server answered something that its functions do not answer.
package struct Contradiction: Error {
  let detail: String

  package init(_ detail: String) { self.detail = detail }
}

/// Reads an answer. It came, so the statement was done; but an answer that cannot be read says as
/// little as one that was lost.
package func answer<Value>(_ read: () throws -> Value) throws(CoordinatorError) -> Value {
  do {
    return try read()
  } catch {
    throw CoordinatorError(.outcomeUnknown, detail: "the answer cannot be read: \(error)")
  }
}

extension ConnectionPool {
  /// Runs a statement, and says what is known of its outcome when it fails.
  package func call(
    _ statement: Statement, _ parameters: [Parameter], milliseconds: Int,
    while isInTime: @escaping @Sendable () -> Bool = { true }
  ) async throws(CoordinatorError) -> StatementResult {
    do throws(LibPQError) {
      return try await execute(
        statement, parameters, deadline: .now + .milliseconds(milliseconds), while: isInTime)
    } catch {
      throw CoordinatorError(error)
    }
  }

  /// The same for a statement that writes. With a WARNING its outcome is unknown: PostgreSQL reports a
  /// wait for the standby that was cancelled so.
  package func callDurably(
    _ statement: Statement, _ parameters: [Parameter], milliseconds: Int,
    while isInTime: @escaping @Sendable () -> Bool = { true }
  ) async throws(CoordinatorError) -> StatementResult {
    let result = try await call(
      statement, parameters, milliseconds: milliseconds, while: isInTime)
    if let warning = result.warnings.first {
      throw CoordinatorError(
        .outcomeUnknown, detail: "the server warned: \(warning.sqlState) \(warning.message)")
    }
    return result
  }
}

extension CoordinatorError {
  package init(_ error: LibPQError) {
    switch error.outcome {
    case .notSent where error.code == .tooLate:
      self.init(.notDone, detail: error.explanation)
    case .notSent: self.init(.unavailable, detail: error.explanation)
    case .unknown, .completed: self.init(.outcomeUnknown, detail: error.explanation)
    case .rolledBack:
      self.init(Self.isPassing(error.sqlState) ? .notDone : .rejected, detail: error.explanation)
    }
  }

  /// Whether the same statement may succeed a moment later: deadlocks and serialization failures
  /// (class 40), no resources (53), a lock or an object in use (55), a limit or an operator (57).
  private static func isPassing(_ sqlState: String?) -> Bool {
    ["40", "53", "55", "57"].contains(String(sqlState?.prefix(2) ?? ""))
  }
}

extension Row {
  /// A word of a closed set.
  package func outcome<Outcome: RawRepresentable<String>>(_ column: String, as: Outcome.Type) throws
    -> Outcome
  {
    let text: String = try decode(column)
    guard let outcome = Outcome(rawValue: text) else {
      throw Contradiction("\(column) is \(text)")
    }
    return outcome
  }
}

extension AcquireReply.Grant {
  /// Nil for the row that says that nothing was granted.
  init?(row: Row) throws {
    guard let id = try row.decode("lease_id", as: UUIDColumn?.self) else { return nil }
    self.init(id: LeaseID(id), block: try row.block())
  }
}

extension Row {
  /// The columns `first` and `last`.
  func block() throws -> Block {
    let first: Int = try decode("first")
    let last: Int = try decode("last")
    guard let block = Block(first: first, last: last) else {
      throw Contradiction("\(first)...\(last) is not a block")
    }
    return block
  }
}
