import ChaosLoad
import FoundationEssentials
import Synchronization

extension Scenario {
  static func body(_ targets: [String]) -> Data {
    let list = targets.map { "\"\($0)\"" }.joined(separator: ",")
    return Data(#"{"target_serials": [\#(list)]}"#.utf8)
  }

  /// That a node refuses what does not fit, and names the parent and its capacity.
  static func expectExhausted(
    _ answer: LoadClient.Answer, parent: String?, at node: NodeAddress, _ stage: Stage
  ) {
    let problem = answer.problem
    stage.demand(
      "\(node.name) refuses one more with capacity-exhausted, 9,999\(parent.map { " and \($0)" } ?? "")",
      answer.status == 409 && problem?.code == "capacity-exhausted" && problem?.capacity == 9_999
        && (parent == nil || problem?.parent == parent),
      seen:
        "\(answer.status) \(problem?.code ?? "no code"), \(problem?.parent ?? "no parent"), \(problem?.capacity ?? 0)"
    )
  }
}

/// What several clients count together.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  private let full = Atomic<Bool>(false)

  var value: Int { count.load(ordering: .relaxed) }

  var isFull: Bool { full.load(ordering: .relaxed) }

  func fill() { full.store(true, ordering: .relaxed) }

  /// The count with this one.
  func add() -> Int { count.add(1, ordering: .relaxed).newValue }
}
