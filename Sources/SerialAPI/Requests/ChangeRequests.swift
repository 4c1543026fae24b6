import Foundation
import NIOCore
import Records

/// The body of `PATCH /api/executions/branch/{branch_serial}`. A field that is missing leaves
/// everything as it is, and none can be cleared.
struct BranchChangeRequest: Equatable {
  static let fields = [
    "status", "started_at", "completed_at", "result_output", "result_error", "exit_code",
  ]
  /// The longest output, in bytes of UTF-8.
  static let outputBytes = 8 * 1024 * 1024
  /// Those of a PostgreSQL `integer`.
  static let exitCodes = -2_147_483_648...2_147_483_647

  let change: BranchChange

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: Self.fields)
    try fields.refuseNothing(Self.fields)
    change = BranchChange(
      status: try fields.word("status", RecordStatus.self),
      startedAt: try fields.instant("started_at"),
      completedAt: try fields.instant("completed_at"),
      output: try fields.output("result_output", bytes: Self.outputBytes),
      error: try fields.output("result_error", bytes: Self.outputBytes),
      exitCode: try fields.integer("exit_code", in: Self.exitCodes))
  }
}

/// The body of `PATCH /api/executions/{serial}`.
struct ExecutionChangeRequest: Equatable {
  static let fields = ["status", "started_at", "completed_at"]

  let change: ExecutionChange

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: Self.fields)
    try fields.refuseNothing(Self.fields)
    change = ExecutionChange(
      status: try fields.word("status", RecordStatus.self),
      startedAt: try fields.instant("started_at"),
      completedAt: try fields.instant("completed_at"))
  }
}

/// The body of `POST /api/outputs/purge`.
struct PurgeRequest: Equatable {
  static let limits = 1...10_000
  static let size = 1000

  let before: Date
  let limit: Int

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: ["before", "limit"])
    guard let before = try fields.instant("before") else {
      throw fields.wrong("before", "must be \(Instant.expected)")
    }
    self.before = before
    limit = try fields.integer("limit", in: Self.limits) ?? Self.size
  }
}

extension BodyFields {
  /// Throws for a change that changes nothing, and for a null.
  fileprivate func refuseNothing(_ known: [String]) throws(Problem) {
    guard !isEmpty else {
      let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
      throw .invalid("Expected at least one of \(list).")
    }
    try refuseNull()
  }
}
