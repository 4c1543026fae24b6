import Allocator
import Foundation
import LeaseCore
import SerialFormat

/// The answer of `GET /api/serials/{serial}`.
struct SerialResponse: Encodable, Sendable {
  struct Components: Encodable, Sendable {
    let year: Int
    /// Of the job or target.
    let sequence: Int
    /// Absent for jobs and targets.
    let execution: Int?
    /// Absent for all but branches.
    let branch: Int?

    init(_ serial: Serial) {
      year = serial.year
      switch serial {
      case .job, .target: (sequence, execution, branch) = (serial.number, nil, nil)
      case .execution(let serial):
        (sequence, execution, branch) = (serial.job.number, serial.number, nil)
      case .branch(let serial):
        sequence = serial.execution.job.number
        execution = serial.execution.number
        branch = serial.number
      }
    }
  }

  let serial: String
  let kind: String
  let components: Components
  /// What it is numbered under; null for jobs and targets.
  let parent: Nullable<String>
  /// `issued`, `leased`, `free` or `void`.
  let state: String
  let issuedAt: Nullable<Timestamp>
  let node: Nullable<String>
  let subject: Nullable<String>
  let requestID: Nullable<String>
  /// What carries the serial; null for a number that no record carries.
  let record: Nullable<RecordResponse>

  private enum CodingKeys: String, CodingKey {
    case serial, kind, components, parent, state, node, subject, record
    case issuedAt = "issued_at"
    case requestID = "request_id"
  }

  /// Of a counter's number.
  init(_ serial: Serial, _ entry: NumberEntry, _ record: RecordResponse?) {
    self.init(
      serial, state: entry.state.rawValue, issuedAt: entry.issuedAt, node: entry.node,
      subject: entry.subject, requestID: entry.requestID?.description, record)
  }

  /// Of an execution or branch, which is issued by being there.
  init(_ serial: Serial, issuedAt: Date, _ record: RecordResponse) {
    self.init(
      serial, state: NumberEntry.State.issued.rawValue, issuedAt: issuedAt, node: nil,
      subject: nil, requestID: nil, record)
  }

  private init(
    _ serial: Serial, state: String, issuedAt: Date?, node: String?, subject: String?,
    requestID: String?, _ record: RecordResponse?
  ) {
    self.serial = serial.description
    kind = serial.kind.rawValue
    components = Components(serial)
    parent = Nullable(serial.parent?.description)
    self.state = state
    self.issuedAt = Nullable(Timestamp(issuedAt))
    self.node = Nullable(node)
    self.subject = Nullable(subject)
    self.requestID = Nullable(requestID)
    self.record = Nullable(record)
  }
}
