import Allocator
import LeaseCore
import SerialFormat

/// The answer of `GET /api/serials/{serial}`.
struct SerialResponse: Encodable, Sendable {
  struct Components: Encodable, Sendable {
    let year: Int
    let sequence: Int
  }

  /// There are no records yet; the key is there for the clients to come.
  struct Record: Encodable, Sendable {}

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
  let record: Nullable<Record>

  private enum CodingKeys: String, CodingKey {
    case serial, kind, components, parent, state, node, subject, record
    case issuedAt = "issued_at"
    case requestID = "request_id"
  }

  init(_ serial: Serial, _ entry: NumberEntry) {
    self.serial = serial.description
    kind = serial.kind.rawValue
    components = Components(year: serial.year, sequence: serial.number)
    parent = Nullable(serial.parent?.description)
    state = entry.state.rawValue
    issuedAt = Nullable(Timestamp(entry.issuedAt))
    node = Nullable(entry.node)
    subject = Nullable(entry.subject)
    requestID = Nullable(entry.requestID?.description)
    record = Nullable(nil)
  }
}
