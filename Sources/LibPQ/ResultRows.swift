/// The rows of a reply, copied out of libpq's memory.
public struct ResultRows: RandomAccessCollection, Sendable, Equatable {
  /// The names of the columns, in order.
  public let columns: [String]
  /// Row after row, text or NULL.
  let cells: [String?]
  public let count: Int

  init(columns: [String], cells: [String?], count: Int) {
    precondition(cells.count == columns.count * count, "a row lacks a column")
    self.columns = columns
    self.cells = cells
    self.count = count
  }

  /// No rows and no columns.
  public static let none = ResultRows(columns: [], cells: [], count: 0)

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(position: Int) -> Row {
    precondition(indices.contains(position), "row \(position) of \(count)")
    let start = position * columns.count
    return Row(columns: columns, cells: cells[start..<start + columns.count])
  }
}

/// One row; its columns are taken by name.
public struct Row: Sendable, Equatable {
  /// The names of the columns, in order.
  public let columns: [String]
  let cells: ArraySlice<String?>

  /// The column's text as the server wrote it, `nil` for NULL. Of columns with the same name the
  /// first one. Throws `decodeFailed` when there is no such column.
  public func text(_ column: String) throws(LibPQError) -> String? {
    guard let position = columns.firstIndex(of: column) else {
      throw LibPQError(
        .decodeFailed, "no column '\(column)'; there are: \(columns.joined(separator: ", "))")
    }
    return cells[cells.startIndex + position]
  }

  /// The column as a value. Throws `decodeFailed`, with the column, its value and the type that
  /// was asked for. A column that may be NULL is asked for as an `Optional`.
  public func decode<Value: ColumnDecodable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws(LibPQError) -> Value {
    let text = try text(column)
    guard let value = Value.decode(columnText: text) else {
      let shown = text.map { "'\($0.prefix(200))'" } ?? "NULL"
      throw LibPQError(.decodeFailed, "column '\(column)' is \(shown), expected \(type)")
    }
    return value
  }
}
