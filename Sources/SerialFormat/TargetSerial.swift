/// The serial of a target, such as `T202600001`: prefix `T`, year, number. 10 bytes of ASCII.
///
/// Targets are numbered by a counter for each year. The order is that of year, then number, which
/// is the order of the texts.
public struct TargetSerial: SerialProtocol {
  let value: CounterNumber

  /// The serial of a year in UTC, 2000...9999, and a number, 1...99,999.
  ///
  /// Throws a `SerialError` with code `range` and part `year` or `sequence` outside of these.
  public init(year: Int, number: Int) throws(SerialError) {
    value = try CounterNumber(year: year, number: number, kind: .target)
  }

  /// Reads the whole of `bytes`, which must be the 10 bytes of a target serial.
  ///
  /// Throws a `SerialError` that names the first fault.
  public init(utf8 bytes: Span<UInt8>) throws(SerialError) {
    try bytes.requireLength(of: .target)
    value = try bytes.readCounterNumber(in: .target)
  }

  /// The year in UTC, 2000...9999.
  public var year: Int { value.year }

  /// The number within the year, 1...99,999.
  public var number: Int { value.number }

  /// The text, 10 bytes of ASCII.
  public var description: String { String(serial: .target) { $0.write(value, of: .target) } }

  /// By year, then number: the order of the texts.
  public static func < (left: TargetSerial, right: TargetSerial) -> Bool {
    left.value < right.value
  }
}
