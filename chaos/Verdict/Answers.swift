import ChaosHistory
import SerialFormat

/// What clients received, each answer once: a request that is repeated with its key has the same one.
struct Answers {
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
  private let keys: Keys
  /// By key: the operation that was answered first.
  private var first: [Int?]

  init(_ operations: [Operation], _ keys: Keys, clock: CoordinatorClock) {
    self.operations = operations
    self.keys = keys
    self.clock = clock
    first = Array(repeating: nil, count: keys.count)
    onlyYear = clock.onlyYear(
      from: operations.map(\.start).min() ?? 0, to: operations.map(\.end).max() ?? 0)
    for (index, operation) in operations.enumerated() {
      guard case .ok(let serials) = operation.outcome else { continue }
      take(serials, of: index)
    }
  }

  private mutating func take(_ serials: [String], of index: Int) {
    let operation = operations[index]
    var earlier: Int?
    if let key = keys.numbers[index] {
      earlier = first[key]
      if let earlier, case .ok(let others) = operations[earlier].outcome {
        guard others != serials else { return }
        other.append(
          Finding(
            "key-with-two-answers",
            "key \(operation.key ?? ""): \(Self.excerpt(others)) to \(operations[earlier].mark), "
              + "\(Self.excerpt(serials)) to \(operation.mark)"))
      } else {
        first[key] = index
      }
    }
    let start = keys.numbers[index].map { keys.starts[$0] } ?? operation.start
    var read: [Serial] = []
    for text in serials {
      let isFirst = isFirst(text, index, earlier: earlier)
      do throws(SerialError) {
        let serial = try Serial(parsing: text)
        read.append(serial)
        if isFirst { note(serial, index, since: start) }
      } catch {
        if isFirst {
          outOfRange.append(Finding("out-of-range", "\(error), received by \(operation.mark)"))
        }
      }
    }
    checkShape(of: read, count: serials.count, operation)
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
  private mutating func checkShape(of read: [Serial], count: Int, _ operation: Operation) {
    if count != operation.asked {
      other.append(
        Finding(
          "wrong-count",
          "\(operation.mark) asked for \(operation.asked) and received \(count)"))
    }
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
