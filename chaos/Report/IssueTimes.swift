import ChaosHistory
import SerialFormat

/// When each number was issued, as far as a history says.
struct IssueTimes {
  /// By counter and number, microseconds.
  private(set) var times: [CounterName: [Int?]] = [:]

  private static let none = [Int?](repeating: nil, count: Capacity.counter + 1)

  /// Numbers that were acknowledged, when they were; others that the ledger has in the end, when they
  /// were first seen committed, and at the end when they never were.
  init(_ content: Content) {
    for operation in content.operations {
      guard case .ok(let serials) = operation.outcome else { continue }
      for serial in serials.lazy.compactMap({ Serial($0) }) where serial.parent == nil {
        let counter = CounterName(kind: serial.counterKind.rawValue, year: serial.year)
        let before = times[counter]?[serial.number]
        times[counter, default: Self.none][serial.number] = min(
          before ?? operation.end, operation.end)
      }
    }
    for final in content.finals {
      let seen = Self.seen(content.holdings.filter { $0.counter == final.counter })
      for line in final.lines where line.state != "free" && line.state != "leased" {
        let before = line.subject?.hasPrefix("setup") == true ? 0 : content.length
        for number in max(1, line.first)...max(1, min(line.last, Capacity.counter))
        where times[final.counter]?[number] == nil {
          times[final.counter, default: Self.none][number] = seen[number] ?? before
        }
      }
    }
  }

  /// When numbers were first seen committed.
  private static func seen(_ samples: [HoldingsSample]) -> [Int?] {
    var seen = none
    /// By the first number of a lease, how far it was looked at.
    var looked: [Int: Int] = [:]
    for sample in samples.sorted(by: { $0.at < $1.at }) {
      for holding in sample.holdings {
        let start = max(holding.first, (looked[holding.first] ?? 0) + 1, 1)
        let end = min(holding.committed, Capacity.counter)
        guard start <= end else { continue }
        looked[holding.first] = end
        for number in start...end where seen[number] == nil { seen[number] = sample.at }
      }
    }
    return seen
  }
}
