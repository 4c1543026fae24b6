/// Which cursors a list takes: those that it made itself. What asks for another page checks this first.
extension JobQuery {
  /// The name of the order, which the list's cursors carry.
  public var order: String { RecordCursor.order(sort.rawValue, isDescending: isDescending) }

  /// Whether a list in this order made the cursor.
  public func accepts(_ cursor: RecordCursor) -> Bool {
    cursor.isOf(order, keyIsTime: sort == .createdAt)
  }
}

extension TargetQuery {
  /// The name of the order, which the list's cursors carry.
  public var order: String { RecordCursor.order(sort.rawValue, isDescending: isDescending) }

  /// Whether a list in this order made the cursor.
  public func accepts(_ cursor: RecordCursor) -> Bool {
    cursor.isOf(order, keyIsTime: sort == .createdAt)
  }
}

extension RecordCursor {
  fileprivate static func order(_ key: String, isDescending: Bool) -> String {
    "\(key)-\(isDescending ? "descending" : "ascending")"
  }

  /// The key of a list by time is microseconds since 1970.
  fileprivate func isOf(_ order: String, keyIsTime: Bool) -> Bool {
    guard self.order == order, let key, id <= Int(Int32.max) else { return false }
    return keyIsTime ? Int(key).map { Self.times.contains($0) } ?? false : !key.utf8.contains(0)
  }

  /// From the year 1 to 9999.
  private static let times = -62_135_596_800_000_000...253_402_300_799_999_999
}
