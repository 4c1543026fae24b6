/// PostgreSQL's text form of a one-dimensional array: `{1,NULL,"a \"b\""}`.
enum ArrayLiteral {
  /// Writes elements. Each one is quoted, because only a quoted element is never mistaken: for
  /// NULL, for nothing, for a brace, for a comma, or for space that is cut off.
  static func encode(_ elements: [String?]) -> String {
    var bytes: [UInt8] = [UInt8(ascii: "{")]
    for (position, element) in elements.enumerated() {
      if position > 0 { bytes.append(UInt8(ascii: ",")) }
      guard let element else {
        bytes.append(contentsOf: "NULL".utf8)
        continue
      }
      bytes.append(UInt8(ascii: "\""))
      // Byte by byte: a quote followed by a combining mark is one Character, and yet a quote.
      for byte in element.utf8 {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
          bytes.append(UInt8(ascii: "\\"))
        }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    bytes.append(UInt8(ascii: "}"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads what the server writes for a one-dimensional array; `nil` if it is anything else.
  static func decode(_ text: String) -> [String?]? {
    var reader = Reader(bytes: Array(text.utf8))
    return reader.array()
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    mutating func array() -> [String?]? {
      guard take("{") else { return nil }
      var elements: [String?] = []
      if take("}") { return position == bytes.count ? elements : nil }
      while true {
        guard let next = element() else { return nil }
        elements.append(next)
        if take(",") { continue }
        return take("}") && position == bytes.count ? elements : nil
      }
    }

    /// The outer `nil` is "malformed", the inner one is NULL.
    mutating func element() -> String?? {
      take("\"") ? quoted().map(Optional.some) : bare()
    }

    mutating func quoted() -> String? {
      var content: [UInt8] = []
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "\"") { return String(decoding: content, as: UTF8.self) }
        if byte == UInt8(ascii: "\\") {
          guard position < bytes.count else { return nil }
          content.append(bytes[position])
          position += 1
        } else {
          content.append(byte)
        }
      }
      return nil
    }

    mutating func bare() -> String?? {
      let start = position
      while position < bytes.count, !"{},\"\\".utf8.contains(bytes[position]) { position += 1 }
      let content = String(decoding: bytes[start..<position], as: UTF8.self)
      guard !content.isEmpty else { return nil }
      return .some(content.uppercased() == "NULL" ? nil : content)
    }
  }
}
