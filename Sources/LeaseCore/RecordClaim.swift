/// The records of a request: rows that are inserted in the transaction that commits its numbers.
public struct RecordClaim: Sendable, Equatable {
  public let request: RequestID
  /// JSON objects, keys are names of columns: one for each number of the request, in ascending order
  /// of the numbers.
  public let rows: [String]

  public init(request: RequestID, rows: [String]) {
    self.request = request
    self.rows = rows
  }
}

/// A number that a record carries already, though this process holds it and gave it to nobody: an
/// application inserted a row with its serial.
public struct RecordedNumber: Hashable, Sendable {
  public let lease: LeaseID
  public let number: Int

  public init(lease: LeaseID, number: Int) {
    self.lease = lease
    self.number = number
  }
}
