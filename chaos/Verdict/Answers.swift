import ChaosHistory
import SerialFormat

/// What clients received, each answer once: a request that is repeated with its key has the same one.
struct Answers {
  /// One answer. Branches are a part of the answer that has their execution.
  private struct Key: Hashable {
    var client: String
    var key: String
    var isBranches: Bool
  }

  /// The operation that received a serial first, by the serial's text.
  private(set) var holders: [String: Int] = [:]
  /// By counter and number: the operation that received it, and nil for nobody.
  private(set) var numbers: [CounterName: [Int?]] = [:]
  private(set) var duplicated: [Finding] = []
  private(set) var outOfRange: [Finding] = []
  private(set) var wrongYear: [Finding] = []
  private(set) var other: [Finding] = []

  private let operations: [Operation]
  private let clock: CoordinatorClock
  /// The year of the whole run, when it has only one.
  private let onlyYear: Int?
  /// When a key was first used: numbers can be as old.
  private var used: [Key: Int] = [:]
  private var first: [Key: Int] = [:]

  init(_ operations: [Operation], clock: CoordinatorClock) {
    self.operations = operations
    self.clock = clock
    onlyYear = clock.onlyYear(
      from: operations.map(\.start).min() ?? 0, to: operations.map(\.end).max() ?? 0)
    for operation in operations {
      guard let key = Self.key(operation) else { continue }
      used[key] = min(operation.start, used[key] ?? operation.start)
    }
    for (index, operation) in operations.enumerated() {
      guard case .ok(let serials) = operation.outcome else { continue }
      take(serials, of: index)
    }
  }

  private static func key(_ operation: Operation) -> Key? {
    operation.key.map {
      Key(client: operation.client, key: $0, isBranches: operation.request == .branches)
    }
  }

  private mutating func take(_ serials: [String], of index: Int) {
    let operation = operations[index]
    let key = Self.key(operation)
    var earlier: Int?
    if let key {
      earlier = first[key]
      if let earlier, case .ok(let others) = operations[earlier].outcome {
        guard others != serials else { return }
        other.append(
          Finding(
            "key-with-two-answers",
            "key \(key.key): \(Self.excerpt(others)) to \(operations[earlier].mark), "
              + "\(Self.excerpt(serials)) to \(operation.mark)"))
      } else {
        first[key] = index
      }
    }
    checkShape(of: serials, operation)
    let start = key.flatMap { used[$0] } ?? operation.start
    for text in serials {
      guard isFirst(text, index, earlier: earlier) else { continue }
      do throws(SerialError) {
        note(try Serial(parsing: text), index, since: start)
      } catch {
        outOfRange.append(Finding("out-of-range", "\(error), received by \(operation.mark)"))
      }
    }
  }

  /// Whether nobody has received the serial yet.
  private mutating func isFirst(_ text: String, _ index: Int, earlier: Int?) -> Bool {
    guard let holder = holders.updateValue(index, forKey: text) else { return true }
    holders[text] = holder
    let (one, two) = (operations[holder], operations[index])
    if holder == index {
      duplicated.append(
        Finding("duplicated", "\(text) stands twice in the answer to \(two.mark)"))
    } else if holder != earlier {
      duplicated.append(
        Finding("duplicated", "\(text) was received by \(one.mark) and by \(two.mark)"))
    }
    return false
  }

  private mutating func note(_ serial: Serial, _ index: Int, since start: Int) {
    guard serial.parent == nil else { return }
    let counter = CounterName(kind: serial.counterKind.rawValue, year: serial.year)
    numbers[counter, default: Array(repeating: nil, count: Capacity.counter + 1)][serial.number] =
      index
    let operation = operations[index]
    let fits =
      onlyYear.map { $0 == serial.year }
      ?? clock.canShow(serial.year, from: start, to: operation.end)
    guard !fits else { return }
    wrongYear.append(
      Finding(
        "wrong-year",
        "\(serial) was received by \(operation.mark), and the coordinator's clock did not show "
          + "\(serial.year) then"))
  }

  /// Whether it is what was asked for.
  private mutating func checkShape(of serials: [String], _ operation: Operation) {
    if serials.count != operation.asked {
      other.append(
        Finding(
          "wrong-count",
          "\(operation.mark) asked for \(operation.asked) and received \(serials.count)"))
    }
    let read = serials.compactMap { Serial($0) }
    let strange = read.filter { $0.kind != operation.request.kind }
    if let serial = strange.first {
      other.append(
        Finding(
          "wrong-kind",
          "\(serial)\(Self.more(strange.count)) for \(operation.request.rawValue), received by "
            + operation.mark))
    }
    guard let parent = operation.parent else { return }
    let astray = read.filter {
      $0.kind == operation.request.kind && $0.parent?.description != parent
    }
    if let serial = astray.first {
      other.append(
        Finding(
          "wrong-parent",
          "\(serial)\(Self.more(astray.count)) for \(parent), received by \(operation.mark)"))
    }
  }

  private static func more(_ count: Int) -> String { count > 1 ? " and \(count - 1) more" : "" }

  private static func excerpt(_ serials: [String]) -> String {
    guard let first = serials.first else { return "nothing" }
    return first + more(serials.count)
  }
}

extension Request {
  /// Of the serials that answer it.
  var kind: SerialKind {
    switch self {
    case .jobs: .job
    case .targets: .target
    case .execution: .execution
    case .branches: .branch
    }
  }
}

extension Operation {
  /// Who, where and when, in a finding.
  var mark: String {
    "\(client) at \(node) (\(Figures.seconds(start)) to \(Figures.seconds(end)) s)"
  }
}
