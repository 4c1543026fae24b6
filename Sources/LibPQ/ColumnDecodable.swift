public import FoundationEssentials

/// A type that a column's text can be read as.
public protocol ColumnDecodable {
  /// The value, or `nil` if the text (`nil` for NULL) is not one.
  static func decode(columnText: String?) -> Self?
}

extension ColumnDecodable where Self: LosslessStringConvertible {
  public static func decode(columnText: String?) -> Self? { columnText.flatMap(Self.init) }
}

extension Int: ColumnDecodable {}
extension Int64: ColumnDecodable {}
extension Int32: ColumnDecodable {}
extension Double: ColumnDecodable {}
extension String: ColumnDecodable {}

extension Bool: ColumnDecodable {
  public static func decode(columnText: String?) -> Bool? {
    switch columnText {
    case "t": true
    case "f": false
    case .some, .none: nil
    }
  }
}

extension UUID: ColumnDecodable {
  public static func decode(columnText: String?) -> UUID? {
    columnText.flatMap(UUID.init(uuidString:))
  }
}

/// A `timestamptz`; exact to the microsecond only as `UTCMicroseconds`.
extension Date: ColumnDecodable {
  public static func decode(columnText: String?) -> Date? {
    UTCMicroseconds.decode(columnText: columnText)?.date
  }
}

extension Optional: ColumnDecodable where Wrapped: ColumnDecodable {
  public static func decode(columnText: String?) -> Wrapped?? {
    guard let columnText else { return .some(nil) }
    return Wrapped.decode(columnText: columnText).map(Optional.some)
  }
}

/// One-dimensional arrays. `[Int?]` where an element may be NULL.
extension Array: ColumnDecodable where Element: ColumnDecodable {
  public static func decode(columnText: String?) -> [Element]? {
    guard let columnText, let texts = ArrayLiteral.decode(columnText) else { return nil }
    var elements: [Element] = []
    elements.reserveCapacity(texts.count)
    for text in texts {
      guard let element = Element.decode(columnText: text) else { return nil }
      elements.append(element)
    }
    return elements
  }
}
