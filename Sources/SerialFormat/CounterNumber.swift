/// A year and a number of one of its counters, both within their ranges.
struct CounterNumber: Sendable, Hashable, Comparable {
  private static let yearUnit: UInt32 = 100_000

  /// year x 100,000 + number: in decimal the nine digits of the text, so it also gives the order.
  let packed: UInt32

  /// Throws `range` for a year outside 2000...9999 or a number outside 1...99,999.
  init(year: Int, number: Int, kind: SerialKind) throws(SerialError) {
    guard Capacity.years.contains(year) else {
      throw SerialError(outOfRange: year, part: .year, kind: kind)
    }
    guard number >= 1, number <= Capacity.counter else {
      throw SerialError(outOfRange: number, part: .sequence, kind: kind)
    }
    self.init(uncheckedYear: year, number: number)
  }

  /// For a year and a number that were checked just before.
  init(uncheckedYear year: Int, number: Int) {
    assert(Capacity.years.contains(year) && (1...Capacity.counter).contains(number))
    packed = UInt32(year) * Self.yearUnit + UInt32(number)
  }

  var year: Int { Int(packed / Self.yearUnit) }
  var number: Int { Int(packed % Self.yearUnit) }

  static func < (left: CounterNumber, right: CounterNumber) -> Bool { left.packed < right.packed }
}
