/// Reads the parts of a serial. Each function checks one part, and stops at its first wrong byte.
///
/// Only `requireLength` may meet a text of another length than the kind's: it comes first.
extension Span<UInt8> {
  /// Throws unless there are exactly as many bytes as a serial of this kind has.
  func requireLength(of kind: SerialKind) throws(SerialError) {
    guard count == kind.length else {
      throw lengthError(kind, offset: Swift.min(count, kind.length))
    }
  }

  /// The prefix, the year and the number of a counter, at the start of a serial of any kind.
  func readCounterNumber(in kind: SerialKind) throws(SerialError) -> CounterNumber {
    let prefix = self[Layout.prefix]
    guard prefix == kind.counterKind.prefixByte else { throw prefixError(kind) }
    let year = try readDigits(at: Layout.year, width: Layout.yearWidth, .year, kind)
    guard Capacity.years.contains(year) else {
      throw error(.range, .year, kind, at: Layout.year, .number(year))
    }
    let number = try readDigits(at: Layout.sequence, width: Layout.sequenceWidth, .sequence, kind)
    guard number > 0 else {
      throw error(.range, .sequence, kind, at: Layout.sequence, .number(number))
    }
    return CounterNumber(uncheckedYear: year, number: number)
  }

  /// A dot and the four digits of a child's number, 1...9,999.
  func readChildNumber(
    at separator: Int, _ part: SerialError.Part, in kind: SerialKind
  ) throws(SerialError) -> UInt16 {
    guard self[separator] == Layout.separatorByte else {
      throw error(.separator, .separator, kind, at: separator, .byte(self[separator]))
    }
    let number = try readDigits(at: separator + 1, width: Layout.childWidth, part, kind)
    guard number > 0 else { throw error(.range, part, kind, at: separator + 1, .number(number)) }
    return UInt16(number)
  }

  /// The error for a text that has not the length of any serial, or not that of this kind.
  func lengthError(_ kind: SerialKind?, offset: Int) -> SerialError {
    error(.length, .serial, kind, at: offset, .length(count))
  }

  /// The error for a first byte that is no prefix, or not that of this kind.
  func prefixError(_ kind: SerialKind?) -> SerialError {
    error(.prefix, .prefix, kind, at: Layout.prefix, .byte(self[Layout.prefix]))
  }

  /// At most five digits, so that the value cannot overflow.
  private func readDigits(
    at start: Int, width: Int, _ part: SerialError.Part, _ kind: SerialKind
  ) throws(SerialError) -> Int {
    var value = 0
    for index in start..<start + width {
      let digit = self[index] &- UInt8(ascii: "0")
      guard digit <= 9 else { throw error(.digit, part, kind, at: index, .byte(self[index])) }
      value = value &* 10 &+ Int(digit)
    }
    return value
  }

  private func error(
    _ code: SerialError.Code, _ part: SerialError.Part, _ kind: SerialKind?, at offset: Int,
    _ found: SerialError.Found
  ) -> SerialError {
    SerialError(
      code: code, part: part, kind: kind, offset: offset, found: found,
      input: Excerpt.text(of: self))
  }
}
