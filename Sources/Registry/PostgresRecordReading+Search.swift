public import Allocator
import Coordinator
import LibPQ
public import Records
import SerialFormat

extension PostgresRecordReading {
  /// An old identifier is searched as the serial that its record has now.
  public func search(_ query: SearchQuery) async throws(CoordinatorError) -> Page<SearchHit> {
    if query.text.utf8.contains(0) { return Page(elements: [], next: nil) }
    let alias = try await alias(query.text)
    let text = SearchQuery.Text(alias?.description ?? query.text)
    let place = try SearchPlace(query, text.order)
    let rows =
      switch text {
      case .beginning(let beginning):
        try await read(
          RegistrySQL.searchSerials,
          [.text(beginning), .text(Self.firstAbove(beginning))] + place.parameters)
      case .target(let target):
        try await read(
          RegistrySQL.searchNames, [.null, .text(target.description)] + place.parameters)
      case .name(let name):
        // Two signs make no trigram that stands anywhere in a word, but one that begins it.
        try await read(
          RegistrySQL.searchNames,
          [name.unicodeScalars.count < 3 ? .beginning(name) : .pattern(name), .null]
            + place.parameters)
      }
    return try answer {
      let hits = try rows.prefix(query.limit).map { try $0.hit() }
      return Page(
        elements: hits,
        next: rows.count > query.limit
          ? hits.last.map {
            RecordCursor(order: text.order.rawValue, key: $0.serial.description, id: 0)
          } : nil)
    }
  }

  /// The first text above all that begin with a text of ASCII digits and dots.
  private static func firstAbove(_ beginning: String) -> String {
    var bytes = Array(beginning.utf8)
    bytes[bytes.count - 1] += 1
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Where a page of a search is.
private struct SearchPlace {
  /// For each kind in their order the serial that it comes after, and how many are asked for.
  let parameters: [Parameter]

  init(_ query: SearchQuery, _ order: SearchQuery.Text.Order) throws(CoordinatorError) {
    var after: Serial?
    if let cursor = query.after {
      guard query.accepts(cursor), cursor.order == order.rawValue,
        let serial = cursor.key.flatMap(Serial.init)
      else { throw .foreignCursor }
      after = serial
    }
    // Below and above every serial.
    let start =
      switch order {
      case .serials: ""
      case .names: "~"
      }
    let kinds = SearchQuery.order
    let reached = after.flatMap { kinds.firstIndex(of: $0.kind) } ?? 0
    parameters =
      kinds.enumerated().map { place, kind in
        guard query.kinds.contains(kind), place >= reached else { return .null }
        return .text(place == reached ? after?.description ?? start : start)
      } + [.int(query.limit + 1)]
  }
}

extension Row {
  fileprivate func hit() throws -> SearchHit {
    SearchHit(
      serial: try serial("serial"), jobName: try decode("job_name"),
      targetName: try decode("target_name"), targetSerial: try serialIfAny("target_serial"),
      status: try decode("status"), createdAt: try decode("created_at"))
  }
}
