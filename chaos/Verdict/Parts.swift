import ChaosHistory

/// The entries of a history, each kind by itself, in the order of the file.
struct Parts {
  var operations: [Operation] = []
  var faults: [FaultSpan] = []
  var ledgers: [LedgerSample] = []
  /// Of a counter that stands there twice the later one counts.
  var finals: [CounterName: FinalCounter] = [:]
  var demands: [Demand] = []
  var disagreements: [String] = []
  var end: RunEnd?

  init(_ entries: [Entry]) {
    for entry in entries {
      switch entry {
      case .operation(let operation): operations.append(operation)
      case .fault(let fault): faults.append(fault)
      case .ledger(let sample): ledgers.append(sample)
      case .final(let counter): finals[counter.counter] = counter
      case .demand(let demand): demands.append(demand)
      case .disagreements(let texts): disagreements += texts
      case .end(let end): self.end = end
      case .run, .holdings: break
      }
    }
  }

  /// Microseconds since the run began until all that is known of it was over.
  var length: Int {
    end?.at ?? max(operations.map(\.end).max() ?? 0, ledgers.map(\.at).max() ?? 0)
  }

  /// All samples of the ledger, those of the end included.
  var samples: [LedgerSample] {
    ledgers + finals.values.sorted { $0.counter < $1.counter }.map(\.ledger)
  }
}
