import Allocator
import LeaseCore
import SerialFormat

/// The answer of `GET /api/events`.
struct EventsResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let id: Int
    let at: Timestamp
    let event: String
    let kind: Nullable<String>
    let year: Nullable<Int>
    let first: Nullable<Int>
    let last: Nullable<Int>
    let leaseID: Nullable<String>
    let node: Nullable<String>
    let bootID: Nullable<String>
    let detail: Nullable<JSONValue>

    private enum CodingKeys: String, CodingKey {
      case id, at, event, kind, year, first, last, node, detail
      case leaseID = "lease_id"
      case bootID = "boot_id"
    }

    init(_ entry: EventEntry) {
      id = entry.id
      at = Timestamp(entry.at)
      event = entry.event
      kind = Nullable(entry.counter?.kind.rawValue)
      year = Nullable(entry.counter?.year)
      first = Nullable(entry.block?.first)
      last = Nullable(entry.block?.last)
      leaseID = Nullable(entry.lease?.description)
      node = Nullable(entry.node)
      bootID = Nullable(entry.bootID?.description)
      detail = Nullable(entry.detail.map(Self.object))
    }

    /// What is stored is JSON; should it not be, it is shown as the text that it is.
    private static func object(_ text: String) -> JSONValue {
      (try? JSONParser.parse(Array(text.utf8))) ?? .string(text)
    }
  }

  /// In the order of the history.
  let events: [Entry]
  /// The place of the last event: what comes after it is what is new. Null when there is none.
  let next: Nullable<String>

  init(_ entries: [EventEntry]) {
    events = entries.map(Entry.init)
    next = Nullable(entries.last?.cursor.cursor)
  }
}
