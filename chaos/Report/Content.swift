import ChaosHistory

/// What a page shows of a history.
struct Content {
  let run: Run
  private(set) var operations: [Operation] = []
  private(set) var faults: [FaultSpan] = []
  private(set) var ledgers: [LedgerSample] = []
  private(set) var holdings: [HoldingsSample] = []
  private(set) var finals: [FinalCounter] = []
  private(set) var demands: [Demand] = []
  /// Microseconds.
  private(set) var length: Int

  init(_ history: History) {
    run = history.run
    length = 0
    for entry in history.entries {
      switch entry {
      case .operation(let operation):
        operations.append(operation)
        length = max(length, operation.end)
      case .fault(let fault): faults.append(fault)
      case .ledger(let sample): ledgers.append(sample)
      case .holdings(let sample): holdings.append(sample)
      case .final(let final):
        finals.append(final)
        ledgers.append(final.ledger)
      case .demand(let demand): demands.append(demand)
      case .end(let end): length = max(length, end.at)
      case .run, .disagreements: break
      }
    }
    length = max(length, ledgers.map(\.at).max() ?? 0)
  }

  /// The counters that the ledger was sampled of.
  var counters: [CounterName] { Set(ledgers.map(\.counter)).sorted() }

  /// The highest number of a counter that was issued or leased.
  func used(_ counter: CounterName) -> Int {
    let held = holdings.lazy.filter { $0.counter == counter }.flatMap(\.holdings).map(\.last).max()
    let lines = finals.lazy.filter { $0.counter == counter }.flatMap(\.lines).map(\.last).max()
    let taken = ledgers.lazy.filter { $0.counter == counter }.map { $0.issued + $0.leased }.max()
    return max(held ?? 0, lines ?? 0, taken ?? 0, 1)
  }

  func capacity(_ counter: CounterName) -> Int {
    max(1, ledgers.first { $0.counter == counter }?.capacity ?? 1)
  }
}
