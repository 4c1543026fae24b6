import ChaosHistory
import SerialFormat

/// What the coordinator had of one counter at the end, by number.
struct FinalLedger {
  let counter: CounterName
  /// Lines that contradict each other or the ledger.
  private(set) var contradictions: [Finding] = []
  private let lines: [FinalCounter.Line]
  /// By number: the line that covers it.
  private var covering: [Int?]

  init(_ final: FinalCounter) {
    counter = final.counter
    // a free or leased number is in nobody's hands
    lines = final.lines.filter { $0.state != "free" && $0.state != "leased" }
    covering = Array(repeating: nil, count: Capacity.counter + 1)
    var (issued, void) = (0, 0)
    for (index, line) in lines.enumerated() {
      guard line.first >= 1, line.first <= line.last, line.last <= Capacity.counter else {
        add("a line has the numbers \(line.first) to \(line.last)")
        continue
      }
      var again = 0
      for number in line.first...line.last {
        guard covering[number] == nil else {
          again += 1
          continue
        }
        covering[number] = index
      }
      if again > 0 {
        add("of the line \(line.first) to \(line.last) other lines have \(again) as well")
      }
      let count = line.last - line.first + 1 - again
      if line.state == "void" { void += count } else { issued += count }
    }
    if issued != final.ledger.issued {
      add("the ledger has \(final.ledger.issued) issued, its lines \(issued)")
    }
    if void != final.ledger.void {
      add("the ledger has \(final.ledger.void) void, its lines \(void)")
    }
  }

  private mutating func add(_ text: String) {
    contradictions.append(
      Finding("disagreement", "final ledger, \(counter.kind) \(counter.year): \(text)"))
  }

  /// The line of a number; nil when it is neither issued nor void.
  func line(of number: Int) -> FinalCounter.Line? {
    guard covering.indices.contains(number), let index = covering[number] else { return nil }
    return lines[index]
  }

  /// Numbers that are issued.
  var issued: [Int] {
    covering.indices.filter { number in
      covering[number].map { lines[$0].state != "void" } ?? false
    }
  }

  /// The serial of a number, as text.
  static func serial(_ number: Int, of counter: CounterName) -> String {
    let digits = String(number)
    let zeros = String(repeating: "0", count: max(0, 5 - digits.count))
    return "\(counter.kind == "target" ? "T" : "J")\(counter.year)\(zeros)\(digits)"
  }
}

extension LedgerSample {
  /// What is wrong with it by itself.
  var imbalance: Finding? {
    let name = "\(counter.kind) \(counter.year) at \(Figures.seconds(at)) s"
    let sum = "\(issued) issued + \(leased) leased + \(free) free + \(void) void"
    if !isBalanced { return Finding("unbalanced", "\(name): \(sum) are not \(capacity)") }
    if capacity != Capacity.counter {
      return Finding("unbalanced", "\(name): a capacity of \(capacity)")
    }
    if min(issued, leased, free, void) < 0 { return Finding("unbalanced", "\(name): \(sum)") }
    return nil
  }
}
