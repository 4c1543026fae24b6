/// The serial of a branch, such as `J202600001.0003.0015`: the 15th target in that execution.
/// 20 bytes of ASCII.
///
/// The order is that of the execution, then the number, which is the order of the texts.
public struct BranchSerial: SerialProtocol {
  /// The execution that the branch belongs to.
  public let execution: ExecutionSerial
  private let sequence: UInt16

  /// The serial of the execution's branch `number`, 1...9,999.
  ///
  /// Throws a `SerialError` with code `range` and part `branch` outside of that.
  public init(execution: ExecutionSerial, number: Int) throws(SerialError) {
    guard number >= 1, number <= Capacity.branches else {
      throw SerialError(outOfRange: number, part: .branch, kind: .branch)
    }
    self.execution = execution
    sequence = UInt16(number)
  }

  /// Reads the whole of `bytes`, which must be the 20 bytes of a branch serial.
  ///
  /// Throws a `SerialError` that names the first fault.
  public init(utf8 bytes: Span<UInt8>) throws(SerialError) {
    try bytes.requireLength(of: .branch)
    execution = try ExecutionSerial(reading: bytes, in: .branch)
    sequence = try bytes.readChildNumber(at: Layout.branchSeparator, .branch, in: .branch)
  }

  /// The job whose execution the branch belongs to.
  public var job: JobSerial { execution.job }

  /// The year of the job, in UTC, 2000...9999.
  public var year: Int { execution.year }

  /// The number below the execution, 1...9,999.
  public var number: Int { Int(sequence) }

  /// The text, 20 bytes of ASCII.
  public var description: String {
    String(serial: .branch) { buffer in
      execution.write(into: buffer)
      buffer.writeChild(sequence, at: Layout.branchSeparator)
    }
  }

  /// By execution, then number: the order of the texts.
  public static func < (left: BranchSerial, right: BranchSerial) -> Bool {
    (left.execution, left.sequence) < (right.execution, right.sequence)
  }
}
