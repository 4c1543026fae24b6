/// Where the parts of a serial stand, in bytes from its start: `J202600001.0003.0015`.
enum Layout {
  static let prefix = 0
  static let year = 1
  static let yearWidth = 4
  static let sequence = 5
  static let sequenceWidth = 5
  static let executionSeparator = 10
  static let branchSeparator = 15
  static let end = 20

  /// The digits of an execution's or a branch's number; they follow its separator.
  static let childWidth = 4
  static let separatorByte = UInt8(ascii: ".")
}
