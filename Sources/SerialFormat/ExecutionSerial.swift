/// The serial of an execution, such as `J202600001.0003`: the third execution of that job.
/// 15 bytes of ASCII.
///
/// The order is that of the job, then the number, which is the order of the texts.
public struct ExecutionSerial: SerialProtocol {
  /// The job that was executed.
  public let job: JobSerial
  private let sequence: UInt16

  /// The serial of the job's execution `number`, 1...9,999.
  ///
  /// Throws a `SerialError` with code `range` and part `execution` outside of that.
  public init(job: JobSerial, number: Int) throws(SerialError) {
    guard number >= 1, number <= Capacity.executions else {
      throw SerialError(outOfRange: number, part: .execution, kind: .execution)
    }
    self.job = job
    sequence = UInt16(number)
  }

  /// Reads the whole of `bytes`, which must be the 15 bytes of an execution serial.
  ///
  /// Throws a `SerialError` that names the first fault.
  public init(utf8 bytes: Span<UInt8>) throws(SerialError) {
    try bytes.requireLength(of: .execution)
    try self.init(reading: bytes, in: .execution)
  }

  /// Reads the execution at the start of a serial that may go on.
  init(reading bytes: Span<UInt8>, in kind: SerialKind) throws(SerialError) {
    job = JobSerial(try bytes.readCounterNumber(in: kind))
    sequence = try bytes.readChildNumber(at: Layout.executionSeparator, .execution, in: kind)
  }

  /// The year of the job, in UTC, 2000...9999.
  public var year: Int { job.year }

  /// The number below the job, 1...9,999.
  public var number: Int { Int(sequence) }

  /// The serial of this execution's branch `number`, 1...9,999.
  ///
  /// Throws a `SerialError` with code `range` and part `branch` outside of that.
  public func branch(_ number: Int) throws(SerialError) -> BranchSerial {
    try BranchSerial(execution: self, number: number)
  }

  /// The text, 15 bytes of ASCII.
  public var description: String { String(serial: .execution) { write(into: $0) } }

  func write(into buffer: UnsafeMutableBufferPointer<UInt8>) {
    job.write(into: buffer)
    buffer.writeChild(sequence, at: Layout.executionSeparator)
  }

  /// By job, then number: the order of the texts.
  public static func < (left: ExecutionSerial, right: ExecutionSerial) -> Bool {
    (left.job, left.sequence) < (right.job, right.sequence)
  }
}
