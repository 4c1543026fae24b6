/// Where a page of a list ended: the order of the list, and what the last row had in it. Its text
/// is made for being sent back as it is, and for nothing else.
public struct RecordCursor: Sendable, Equatable {
  /// Names the order, such as `name-descending`: a cursor of one order says nothing in another.
  public let order: String
  /// What the list is ordered by, of the last row; nil for null.
  public let key: String?
  /// Of the last row.
  public let id: Int

  public init(order: String, key: String?, id: Int) {
    self.order = order
    self.key = key
    self.id = id
  }

  /// The cursor that a text stands for; nil for one that this service did not make.
  public init?(parsing text: String) {
    guard text.utf8.count <= 2_200 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for digit in text.utf8 {
      guard let value = Self.value(of: digit) else { return nil }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    guard high == nil, let decoded = String(validating: bytes, as: UTF8.self) else { return nil }
    let parts = decoded.split(
      separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, let id = Int(parts[1]), id >= 0 else { return nil }
    switch parts[2].first {
    case "-" where parts[2].count == 1: key = nil
    case "=": key = String(parts[2].dropFirst())
    default: return nil
    }
    order = String(parts[0])
    self.id = id
  }

  /// In hexadecimal digits: nothing of it has to be escaped in a query.
  public var text: String {
    "\(order) \(id) \(key.map { "=" + $0 } ?? "-")".utf8.map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
