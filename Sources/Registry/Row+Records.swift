import Coordinator
import Foundation
import LibPQ
import Records
import SerialFormat

/// Rows as the fragments `SQL/show_*.sql` name their columns.
extension Row {
  func job() throws -> JobRecord {
    JobRecord(
      id: try decode("id"), uuid: try decode("job_uuid"), serial: try serial("job_serial"),
      name: try decode("name"), description: try decode("description"),
      jobType: try decode("job_type"), status: try decode("status"),
      createdBy: try decode("created_by"), createdAt: try decode("created_at"),
      updatedAt: try decode("updated_at"), scheduledAt: try decode("scheduled_at"),
      startedAt: try decode("started_at"), completedAt: try decode("completed_at"))
  }

  func target() throws -> TargetRecord {
    TargetRecord(
      id: try decode("id"), uuid: try decode("target_uuid"), serial: try serial("target_serial"),
      name: try decode("name"), targetType: try decode("target_type"),
      description: try decode("description"), osType: try decode("os_type"),
      environment: try decode("environment"), location: try decode("location"),
      dataCenter: try decode("data_center"), region: try decode("region"),
      isActive: try decode("is_active"), status: try decode("status"),
      healthStatus: try decode("health_status"), createdAt: try decode("created_at"),
      updatedAt: try decode("updated_at"))
  }

  func execution() throws -> ExecutionRecord {
    ExecutionRecord(
      id: try decode("id"), uuid: try decode("execution_uuid"),
      serial: try serial("execution_serial"),
      job: try jobReference(),
      status: try outcome("status", as: RecordStatus.self),
      scheduledAt: try decode("scheduled_at"), startedAt: try decode("started_at"),
      completedAt: try decode("completed_at"), createdAt: try decode("created_at"),
      branchCount: try decode("branch_count"))
  }

  func jobReference() throws -> JobReference {
    JobReference(
      id: try decode("job_id"), serial: try serial("job_serial"), name: try decode("job_name"))
  }

  func branch() throws -> BranchRecord {
    let targetID: Int = try decode("target_id")
    return BranchRecord(
      id: try decode("id"), uuid: try decode("branch_uuid"), serial: try serial("branch_serial"),
      branchID: try decode("branch_id"), executionID: try decode("job_execution_id"),
      target: try serialIfAny("target_serial_ref").map {
        TargetReference(id: targetID, serial: $0, name: try decode("target_name"))
      },
      targetID: targetID, status: try outcome("status", as: RecordStatus.self),
      scheduledAt: try decode("scheduled_at"), startedAt: try decode("started_at"),
      completedAt: try decode("completed_at"), output: try output("result_output"),
      error: try output("result_error"), exitCode: try decode("exit_code"),
      createdAt: try decode("created_at"), outputsPurgedAt: try decode("outputs_purged_at"))
  }

  /// How executions or results went; nothing of them when the row has nulls.
  func totals() throws -> Totals {
    try tally().totals
  }

  func tally() throws -> Tally {
    Tally(
      total: try decode("total", as: Int?.self) ?? 0,
      successful: try decode("successful", as: Int?.self) ?? 0,
      failed: try decode("failed", as: Int?.self) ?? 0,
      cancelled: try decode("cancelled", as: Int?.self) ?? 0,
      unfinished: try decode("unfinished", as: Int?.self) ?? 0,
      timed: try decode("timed", as: Int?.self) ?? 0,
      seconds: try decode("seconds", as: Double?.self) ?? 0)
  }

  func serial<S: SerialProtocol>(_ column: String, as: S.Type = S.self) throws -> S {
    let text: String = try decode(column)
    guard let serial = S(text) else { throw Contradiction("\(column) is \(text)") }
    return serial
  }

  func serialIfAny<S: SerialProtocol>(_ column: String, as: S.Type = S.self) throws -> S? {
    try decode(column, as: String?.self) == nil ? nil : try serial(column)
  }

  private func output(_ column: String) throws -> BranchRecord.Output {
    let text: String? = try decode(column)
    let bytes: Int = try decode("\(column)_bytes", as: Int?.self) ?? 0
    return BranchRecord.Output(
      text: text, bytes: bytes, isCut: text.map { $0.utf8.count < bytes } ?? false)
  }
}

/// Counts that can be added.
struct Tally {
  var total = 0
  var successful = 0
  var failed = 0
  var cancelled = 0
  var unfinished = 0
  /// How many have a start and an end, and the seconds between them.
  var timed = 0
  var seconds = 0.0

  mutating func add(_ other: Tally) {
    total += other.total
    successful += other.successful
    failed += other.failed
    cancelled += other.cancelled
    unfinished += other.unfinished
    timed += other.timed
    seconds += other.seconds
  }

  var totals: Totals {
    Totals(
      total: total, successful: successful, failed: failed, cancelled: cancelled,
      unfinished: unfinished, averageSeconds: timed == 0 ? nil : seconds / Double(timed))
  }
}
