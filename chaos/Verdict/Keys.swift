import ChaosHistory

/// Requests that are one, by number: those of one client with one key.
struct Keys {
  private struct Key: Hashable {
    var client: String
    var key: String
    /// Branches are a part of the answer that has their execution.
    var isBranches: Bool
  }

  /// By operation; nil for one without a key.
  let numbers: [Int?]
  /// By key: when it was first used. A serial can be as old.
  private(set) var starts: [Int] = []

  init(_ operations: [Operation]) {
    var known: [Key: Int] = [:]
    var numbers: [Int?] = []
    numbers.reserveCapacity(operations.count)
    for operation in operations {
      guard let key = operation.key else {
        numbers.append(nil)
        continue
      }
      let request = Key(
        client: operation.client, key: key, isBranches: operation.request == .branches)
      if let number = known[request] {
        starts[number] = min(starts[number], operation.start)
        numbers.append(number)
      } else {
        known[request] = starts.count
        numbers.append(starts.count)
        starts.append(operation.start)
      }
    }
    self.numbers = numbers
  }

  var count: Int { starts.count }
}
