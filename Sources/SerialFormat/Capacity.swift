/// How many serials there can be. Sequences start at 1: one of all zeros is not a serial.
public enum Capacity {
  /// Numbers of one counter, that is of one kind in one year: 1...99,999.
  public static let counter = 99_999

  /// Executions of one job: 1...9,999.
  public static let executions = 9_999

  /// Branches of one execution: 1...9,999.
  public static let branches = 9_999

  /// The years a serial can carry, in UTC: four digits without a leading zero or one.
  public static let years = 2000...9999

  /// Branch serials in one year: 99,999 x 9,999 x 9,999 = 9,997,900,119,999.
  ///
  /// That is 9.998 x 10^12, about ten trillion. The width of a sequence, not storage, sets it.
  public static let branchesPerYear: UInt64 =
    UInt64(counter) * UInt64(executions) * UInt64(branches)
}
