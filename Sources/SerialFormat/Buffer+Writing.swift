/// Writes the parts of a serial into a buffer that has room for the whole of it.
extension UnsafeMutableBufferPointer<UInt8> {
  /// The prefix, the year and the number of a counter, at the start.
  func write(_ number: CounterNumber, of kind: CounterKind) {
    initializeElement(at: Layout.prefix, to: kind.prefixByte)
    // The packed value is, in decimal, the nine digits of year and number.
    write(number.packed, at: Layout.year, width: Layout.yearWidth + Layout.sequenceWidth)
  }

  /// A dot and the four digits of a child's number.
  func writeChild(_ number: UInt16, at separator: Int) {
    initializeElement(at: separator, to: Layout.separatorByte)
    write(UInt32(number), at: separator + 1, width: Layout.childWidth)
  }

  private func write(_ value: UInt32, at start: Int, width: Int) {
    var rest = value
    for index in (start..<start + width).reversed() {
      initializeElement(at: index, to: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    }
  }
}

extension String {
  /// The text of a serial; `write` fills all its bytes. Up to 15 bytes stay within the `String`.
  init(serial kind: SerialKind, write: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
    let length = kind.length
    self.init(unsafeUninitializedCapacity: length) { buffer in
      write(buffer)
      return length
    }
  }
}
