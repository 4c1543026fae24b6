import Allocator
import LeaseCore
import SerialFormat

/// How many entries a page has.
enum PageSize {
  static let limits = 1...1000
  static let usual = 100
  /// How many entries a page that is asked for by offset may leave out.
  static let offsets = 0...1_000_000
}

extension GapQuery {
  init(_ query: QueryFields) throws(Problem) {
    self.init(
      kind: try query.value("kind", expected: Expected.kind, CounterKind.init(rawValue:)),
      year: try query.value("year", expected: Expected.year, Expected.year(_:)),
      after: try query.value(
        "after", expected: "the \"next\" of a page before, such as job-2026-17",
        Place.init(cursor:)),
      limit: try query.integer("limit", in: PageSize.limits) ?? PageSize.usual)
  }
}

extension GapQuery.Place {
  /// Kind, year and number, such as `job-2026-17`.
  var cursor: String { "\(counter.kind.rawValue)-\(counter.year)-\(number)" }

  init?(cursor: String) {
    let parts = cursor.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, let kind = CounterKind(rawValue: String(parts[0])),
      let year = Expected.year(String(parts[1])), let number = Digits.read(parts[2]),
      (1...Capacity.counter).contains(number)
    else { return nil }
    self.init(counter: Counter(kind: kind, year: year), number: number)
  }
}

extension EventQuery {
  init(_ query: QueryFields) throws(Problem) {
    self.init(
      after: try query.value(
        "after", expected: "the \"next\" of a page before, such as 4711-17",
        EventCursor.init(cursor:)) ?? .start,
      limit: try query.integer("limit", in: PageSize.limits) ?? PageSize.usual,
      event: try query.value(
        "event", expected: "a name of lower-case letters and hyphens, such as granted"
      ) { $0.wholeMatch(of: /[a-z][a-z-]{0,62}/) == nil ? nil : $0 },
      node: try query.value("node", expected: Expected.node, Expected.node(_:)))
  }
}

extension EventCursor {
  /// Transaction and id, such as `4711-17`.
  var cursor: String { "\(transaction)-\(id)" }

  init?(cursor: String) {
    let parts = cursor.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let transaction = Digits.read(parts[0]), let id = Digits.read(parts[1])
    else { return nil }
    self.init(transaction: transaction, id: id)
  }
}
