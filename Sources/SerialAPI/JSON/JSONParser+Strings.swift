extension JSONParser {
  /// Reads a string, the index on its opening quotation mark.
  mutating func string() throws(JSONError) -> String {
    index += 1
    let start = index
    var text: [UInt8] = []
    while true {
      let end = endOfPlain(from: index)
      // Most texts have no escapes: they are taken over in one piece.
      if text.isEmpty, index == start, end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
        index = end + 1
        guard let string = String(validating: bytes[start..<end], as: UTF8.self) else {
          throw JSONError(code: .encoding, offset: start)
        }
        return string
      }
      text.append(contentsOf: bytes[index..<end])
      index = end
      switch try peek() {
      case UInt8(ascii: "\""):
        index += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw JSONError(code: .encoding, offset: start)
        }
        return string
      case UInt8(ascii: "\\"):
        index += 1
        try escape(into: &text)
      default: throw failure(.syntax)
      }
    }
  }

  /// Where the bytes end that stand for themselves: at a quotation mark, a backslash, a control
  /// character or the end.
  private func endOfPlain(from start: Int) -> Int {
    bytes.withUnsafeBufferPointer { bytes in
      var index = start
      while index < bytes.count, bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\""),
        bytes[index] != UInt8(ascii: "\\")
      {
        index += 1
      }
      return index
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    let byte = try peek()
    let plain: UInt8
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = byte
    case UInt8(ascii: "b"): plain = 0x08
    case UInt8(ascii: "f"): plain = 0x0C
    case UInt8(ascii: "n"): plain = 0x0A
    case UInt8(ascii: "r"): plain = 0x0D
    case UInt8(ascii: "t"): plain = 0x09
    case UInt8(ascii: "u"):
      index += 1
      text.append(contentsOf: UTF8.encode(try escapedScalar()) ?? UTF8.encodedReplacementCharacter)
      return
    default: throw failure(.syntax)
    }
    index += 1
    text.append(plain)
  }

  /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair.
  private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
    let start = index
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, try peek() == UInt8(ascii: "\\") else {
      throw JSONError(code: .encoding, offset: start)
    }
    index += 1
    guard try peek() == UInt8(ascii: "u") else { throw JSONError(code: .encoding, offset: start) }
    index += 1
    let second = try hexadecimal()
    guard 0xDC00...0xDFFF ~= second,
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw JSONError(code: .encoding, offset: start) }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 0x30)
      case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
        value = value << 4 | (UInt32(byte | 0x20) - 0x57)
      default: throw failure(.syntax)
      }
      index += 1
    }
    return value
  }
}
