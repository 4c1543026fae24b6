/// A text that came from outside, cut and escaped so that it can be shown anywhere.
@usableFromInline
enum Excerpt {
  /// How many bytes are shown; the longest serial has 20.
  @inlinable static var byteLimit: Int { 32 }

  private static let cutMark: StaticString = "..."
  private static let hexDigits: StaticString = "0123456789ABCDEF"

  /// The first 32 bytes, escaped, and `...` when there were more. At most 131 bytes of ASCII.
  static func text(of bytes: Span<UInt8>) -> String {
    let shown = min(bytes.count, byteLimit)
    let mark = bytes.count > shown ? cutMark.utf8CodeUnitCount : 0
    var length = mark
    for index in 0..<shown { length += isPlain(bytes[index]) ? 1 : 4 }
    return String(unsafeUninitializedCapacity: length) { buffer in
      var end = 0
      for index in 0..<shown { end = append(bytes[index], to: buffer, at: end) }
      for index in 0..<mark {
        buffer.initializeElement(at: end + index, to: cutMark.utf8Start[index])
      }
      return end + mark
    }
  }

  /// One byte, escaped: 1 or 4 bytes of ASCII.
  static func text(of byte: UInt8) -> String {
    String(unsafeUninitializedCapacity: 4) { append(byte, to: $0, at: 0) }
  }

  /// Printable ASCII that means nothing to a quoted text, to JSON or to HTML.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): false
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): false
    default: 0x20...0x7E ~= byte
    }
  }

  /// Writes the byte, plain or as `\xNN`, and gives the index behind it.
  private static func append(
    _ byte: UInt8, to buffer: UnsafeMutableBufferPointer<UInt8>, at start: Int
  ) -> Int {
    guard !isPlain(byte) else {
      buffer.initializeElement(at: start, to: byte)
      return start + 1
    }
    let digits = hexDigits.utf8Start
    buffer.initializeElement(at: start, to: UInt8(ascii: "\\"))
    buffer.initializeElement(at: start + 1, to: UInt8(ascii: "x"))
    buffer.initializeElement(at: start + 2, to: digits[Int(byte >> 4)])
    buffer.initializeElement(at: start + 3, to: digits[Int(byte & 0xF)])
    return start + 4
  }
}
