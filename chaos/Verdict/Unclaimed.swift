import ChaosHistory

/// Numbers that the ledger has as issued and that no client acknowledged, and why that may be.
struct Unclaimed {
  private struct Subject: Hashable {
    var name: String
    var request: Request
  }

  private struct Asked {
    /// With a key that is used again counted once, and not at all when it was answered: a key has one
    /// answer, and costs no number twice.
    var once = 0
  }

  static let unanswered = "asked for by requests without an answer"
  static let setup = "issued before the load"
  static let ahead = "committed ahead by a node that still holds them"
  static let dead = "committed by a process that a fault met; no line says to whom"
  static let carved = "proved issued by a node's report after the coordinator's loss"

  private(set) var reasons: [String: Int] = [:]
  private(set) var unexplainedNumbers = 0
  private(set) var unexplained: [Finding] = []

  private var asked: [Subject: Asked] = [:]
  /// Numbers of subjects, by subject and counter.
  private var issued: [Subject: [CounterName: [Int]]] = [:]
  private var nameless: [CounterName: [String: [Int]]] = [:]
  private let disturbed: Set<String>
  private let coordinatorWasDisturbed: Bool
  private let coordinatorLost: Bool

  init(_ finals: [FinalLedger], _ answers: Answers, _ keys: Keys, _ parts: Parts) {
    disturbed = Set(parts.faults.map(\.target)).union(
      parts.operations.lazy.filter(\.isUnknown).map(\.node))
    coordinatorWasDisturbed = !disturbed.isDisjoint(with: ["coordinator", "standby"])
    coordinatorLost = parts.faults.contains { fault in
      ["lose", "restore", "failover"].contains { fault.name.hasPrefix($0) }
    }
    countAsked(parts.operations, keys)
    for final in finals { sort(final, answers.numbers[final.counter]) }
    judgeSubjects()
    judgeNameless()
  }

  private mutating func countAsked(_ operations: [Operation], _ keys: Keys) {
    var isUsed = Array(repeating: false, count: keys.count)
    for (operation, key) in zip(operations, keys.numbers) {
      if let key, case .ok = operation.outcome { isUsed[key] = true }
    }
    for (operation, key) in zip(operations, keys.numbers) where operation.isUnknown {
      let subject = Subject(name: operation.client, request: operation.request)
      if let key, isUsed[key] { continue }
      asked[subject, default: Asked()].once += operation.asked
      if let key { isUsed[key] = true }
    }
  }

  /// Puts what nobody acknowledged where it can be judged.
  private mutating func sort(_ final: FinalLedger, _ acknowledged: [Int?]?) {
    let request: Request = final.counter.kind == "target" ? .targets : .jobs
    for number in final.issued where acknowledged?[number] == nil {
      guard let line = final.line(of: number) else { continue }
      switch (line.state, line.subject) {
      case ("committed-ahead", _): reasons[Self.ahead, default: 0] += 1
      case ("unacknowledged", _) where wasDisturbed(line.node): reasons[Self.dead, default: 0] += 1
      case ("carved", _) where coordinatorLost: reasons[Self.carved, default: 0] += 1
      case ("unacknowledged", _):
        leave(number, final, "unacknowledged at \(line.node ?? "no node"), which nothing disturbed")
      case ("carved", _): leave(number, final, "carved, and the coordinator lost nothing")
      case (_, let name?) where name.hasPrefix("setup"): reasons[Self.setup, default: 0] += 1
      case (_, let name?):
        issued[Subject(name: name, request: request), default: [:]][final.counter, default: []]
          .append(number)
      case (let state, nil): leave(number, final, "\(state), and no line says to whom")
      }
    }
  }

  private mutating func leave(_ number: Int, _ final: FinalLedger, _ reason: String) {
    nameless[final.counter, default: [:]][reason, default: []].append(number)
  }

  private func wasDisturbed(_ node: String?) -> Bool {
    guard let node else { return !disturbed.isEmpty }
    return coordinatorWasDisturbed || disturbed.contains(node)
  }

  private mutating func judgeSubjects() {
    let order = issued.keys.sorted {
      ($0.name, $0.request.rawValue) < ($1.name, $1.request.rawValue)
    }
    for subject in order {
      let counters = issued[subject] ?? [:]
      let count = counters.values.reduce(0) { $0 + $1.count }
      let asked = asked[subject] ?? Asked()
      let explained = min(count, asked.once)
      if explained > 0 { reasons[Self.unanswered, default: 0] += explained }
      guard count > explained else { continue }
      unexplainedNumbers += count - explained
      let names = counters.sorted { $0.key < $1.key }.map { Self.ranges($1, of: $0) }
      unexplained.append(
        Finding(
          "issued-without-reason",
          "\(names.joined(separator: ", ")): issued to \(subject.name), which did not receive them "
            + "and asked for \(asked.once) without an answer, each key once"))
    }
  }

  private mutating func judgeNameless() {
    for (counter, reasons) in nameless.sorted(by: { $0.key < $1.key }) {
      for (reason, numbers) in reasons.sorted(by: { $0.key < $1.key }) {
        unexplainedNumbers += numbers.count
        unexplained.append(
          Finding("issued-without-reason", "\(Self.ranges(numbers, of: counter)): \(reason)"))
      }
    }
  }

  /// `J202600001 to J202600003, J202600007`, and after five of them how many more numbers.
  private static func ranges(_ numbers: [Int], of counter: CounterName) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = ranges.last, last.upperBound == number - 1 {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    let rest = ranges.dropFirst(5).reduce(0) { $0 + $1.count }
    return ranges.prefix(5).map { range in
      let first = FinalLedger.serial(range.lowerBound, of: counter)
      let last = FinalLedger.serial(range.upperBound, of: counter)
      return range.count == 1 ? first : "\(first) to \(last)"
    }.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
  }
}

extension Operation {
  fileprivate var isUnknown: Bool {
    if case .unknown = outcome { true } else { false }
  }
}
