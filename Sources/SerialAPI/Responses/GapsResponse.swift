import Allocator
import LeaseCore
import SerialFormat

/// The answer of `GET /api/gaps`.
struct GapsResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let kind: String
    let year: Int
    let first: Int
    let last: Int
    let firstSerial: String
    let lastSerial: String
    let count: Int
    let state: String
    let node: Nullable<String>
    let leaseID: Nullable<String>
    let subject: Nullable<String>
    let requestID: Nullable<String>
    let at: Nullable<Timestamp>
    let reason: Nullable<String>

    private enum CodingKeys: String, CodingKey {
      case kind, year, first, last, count, state, node, subject, at, reason
      case firstSerial = "first_serial"
      case lastSerial = "last_serial"
      case leaseID = "lease_id"
      case requestID = "request_id"
    }

    /// Throws a `SerialError` for a year that no serial can have.
    init(_ gap: GapEntry) throws(SerialError) {
      let (counter, block) = (gap.counter, gap.block)
      kind = counter.kind.rawValue
      year = counter.year
      first = block.first
      last = block.last
      firstSerial = try Serial(
        counter: counter.kind, year: counter.year, number: block.first
      ).description
      lastSerial = try Serial(
        counter: counter.kind, year: counter.year, number: block.last
      ).description
      count = block.count
      state = gap.state.rawValue
      node = Nullable(gap.node)
      leaseID = Nullable(gap.lease?.description)
      subject = Nullable(gap.subject)
      requestID = Nullable(gap.requestID?.description)
      at = Nullable(Timestamp(gap.at))
      reason = Nullable(gap.reason)
    }
  }

  /// By kind, year and number.
  let gaps: [Entry]
  /// Where the next page begins; null on the last one.
  let next: Nullable<String>

  init(_ entries: [GapEntry], limit: Int) throws(SerialError) {
    var gaps: [Entry] = []
    gaps.reserveCapacity(entries.count)
    for entry in entries { gaps.append(try Entry(entry)) }
    self.gaps = gaps
    let end = entries.count < limit ? nil : entries.last
    next = Nullable(
      end.map { GapQuery.Place(counter: $0.counter, number: $0.block.last).cursor })
  }
}
