import LibPQ
import Records

/// The order of a list of jobs or targets: by a key, then by id.
struct ListOrder {
  enum Key {
    case createdAt
    /// The serial, by this column.
    case serial(String)
    /// In the order of the database's collation.
    case name

    init(_ sort: JobQuery.Sort) {
      self =
        switch sort {
        case .createdAt: .createdAt
        case .jobSerial: .serial(sort.rawValue)
        case .name: .name
        }
    }

    init(_ sort: TargetQuery.Sort) {
      self =
        switch sort {
        case .createdAt: .createdAt
        case .targetSerial: .serial(sort.rawValue)
        case .name: .name
        }
    }

    var column: String {
      switch self {
      case .createdAt: "created_at"
      case .serial(let column): column
      case .name: "name"
      }
    }
  }

  let key: Key
  let isDescending: Bool

  var name: String { "\(key.column)_\(isDescending ? "descending" : "ascending")" }

  /// What stands after ORDER BY. Serials are ordered by their bytes, whatever the collation is.
  func sql(_ row: String) -> String {
    let direction = isDescending ? " DESC" : ""
    return switch key {
    case .serial(let column): "\(row).\(column) USING \(isDescending ? "~>~" : "~<~")"
    case .createdAt, .name: "\(row).\(key.column)\(direction), \(row).id\(direction)"
    }
  }

  /// The condition that a row comes after the one with this key and id, given as parameters. A time is
  /// microseconds since 1970, which a timestamp is exactly.
  func after(_ row: String, key keyPlace: Int, id idPlace: Int) -> String {
    let comparison = isDescending ? "<" : ">"
    return switch key {
    case .serial(let column):
      "\(row).\(column) ~\(comparison)~ $\(keyPlace)::text AND $\(idPlace)::integer IS NOT NULL"
    case .createdAt:
      "(\(row).created_at, \(row).id) \(comparison) (timestamptz 'epoch' "
        + "+ $\(keyPlace)::bigint * interval '1 microsecond', $\(idPlace)::integer)"
    case .name:
      "(\(row).name, \(row).id) \(comparison) ($\(keyPlace)::text, $\(idPlace)::integer)"
    }
  }

  /// Of the last row of a page, what its cursor has as key.
  func cursorKey(_ row: Row) throws -> String {
    switch key {
    case .createdAt: String(try row.decode("created_at", as: UTCMicroseconds.self).sinceEpoch)
    case .serial(let column): try row.decode(column)
    case .name: try row.decode("name")
    }
  }
}
