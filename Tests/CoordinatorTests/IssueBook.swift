import Allocator
import LeaseCore
import Synchronization

/// Every number that a test's callers were given, whichever coordinator said so.
final class IssueBook: Sendable {
  private let numbers = Mutex<[LeaseCore.Counter: [Int: [String]]]>([:])

  func add(_ allocation: Allocation) {
    numbers.withLock { numbers in
      for number in allocation.blocks.flatMap(\.numbers) {
        numbers[allocation.counter, default: [:]][number, default: []].append(allocation.node)
      }
    }
  }

  /// How many different numbers were given out.
  var count: Int { numbers.withLock { $0.values.reduce(0) { $0 + $1.count } } }

  /// How many were given out by a node.
  func count(of node: String) -> Int {
    numbers.withLock { numbers in
      numbers.values.flatMap(\.values).reduce(0) { $0 + ($1.contains(node) ? 1 : 0) }
    }
  }

  /// Numbers that were given out more than once, with the nodes that did it.
  var duplicates: [Int: [String]] {
    numbers.withLock { numbers in
      numbers.values.reduce(into: [:]) { found, counter in
        for (number, nodes) in counter where nodes.count > 1 { found[number] = nodes }
      }
    }
  }
}
