/// The serial of a job, such as `J202600001`: prefix `J`, year, number. 10 bytes of ASCII.
///
/// Jobs are numbered by a counter for each year. The order is that of year, then number, which is
/// the order of the texts.
public struct JobSerial: SerialProtocol {
  let value: CounterNumber

  init(_ value: CounterNumber) { self.value = value }

  /// The serial of a year in UTC, 2000...9999, and a number, 1...99,999.
  ///
  /// Throws a `SerialError` with code `range` and part `year` or `sequence` outside of these.
  public init(year: Int, number: Int) throws(SerialError) {
    value = try CounterNumber(year: year, number: number, kind: .job)
  }

  /// Reads the whole of `bytes`, which must be the 10 bytes of a job serial.
  ///
  /// Throws a `SerialError` that names the first fault.
  public init(utf8 bytes: Span<UInt8>) throws(SerialError) {
    try bytes.requireLength(of: .job)
    value = try bytes.readCounterNumber(in: .job)
  }

  /// The year in UTC, 2000...9999.
  public var year: Int { value.year }

  /// The number within the year, 1...99,999.
  public var number: Int { value.number }

  /// The serial of this job's execution `number`, 1...9,999.
  ///
  /// Throws a `SerialError` with code `range` and part `execution` outside of that.
  public func execution(_ number: Int) throws(SerialError) -> ExecutionSerial {
    try ExecutionSerial(job: self, number: number)
  }

  /// The text, 10 bytes of ASCII.
  public var description: String { String(serial: .job) { write(into: $0) } }

  func write(into buffer: UnsafeMutableBufferPointer<UInt8>) { buffer.write(value, of: .job) }

  /// By year, then number: the order of the texts.
  public static func < (left: JobSerial, right: JobSerial) -> Bool { left.value < right.value }
}
