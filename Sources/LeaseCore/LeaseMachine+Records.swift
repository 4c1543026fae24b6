/// Requests with records: the commit of their numbers inserts rows, and a row may be bad.
extension LeaseMachine {
  /// Rows in one commit, unless a single request needs more.
  static let rowsPerCommit = 2_000
  /// Bytes of the rows in one commit, unless a single request needs more.
  static let rowBytesPerCommit = 4 << 20

  /// What the rows of a commit add up to while it is put together.
  struct RowLoad {
    private var rows = 0
    private var bytes = 0

    /// Counts the rows of a request; false when they do not fit beside the others.
    mutating func add(_ request: Request) -> Bool {
      let (moreRows, moreBytes) = (rows + request.records.count, bytes + request.recordBytes)
      let fits =
        request.records.isEmpty || rows == 0
        || (moreRows <= LeaseMachine.rowsPerCommit && moreBytes <= LeaseMachine.rowBytesPerCommit)
      if fits { (rows, bytes) = (moreRows, moreBytes) }
      return fits
    }
  }

  /// A commit was refused or given up as a whole, perhaps because of a row in it. Sends its requests
  /// again, those with records each alone. False when that was done already, or has no use.
  mutating func tryApart(_ batch: Batch, after failure: CallFailure) -> Bool {
    let isTried = batch.entries.allSatisfy { $0.request.records.isEmpty || $0.request.isApart }
    guard !isTried else { return false }
    requeueApart(batch, after: failure)
    return true
  }

  /// The requests of a batch that was not done wait again, those with records each for a statement of
  /// its own.
  mutating func requeueApart(_ batch: Batch, after failure: CallFailure) {
    let waiting = batch.entries.filter(\.isWaiting).map(\.request)
    let plain = waiting.filter(\.records.isEmpty)
    var apart = waiting.filter { !$0.records.isEmpty }
    for index in apart.indices { apart[index].isApart = true }
    // What was refused for good is decided before anybody else comes into it. What only took too long,
    // for a lock that somebody holds, is no reason for the others to wait.
    queue = failure == .rejected ? plain + apart + queue : plain + queue + apart
  }

  /// Records carry these numbers already: this process hands them to nobody. Returns what to note;
  /// nothing when none of them was to be handed out.
  mutating func leaveOut(_ recorded: [RecordedNumber]) -> [MachineAction] {
    var count = 0
    for number in recorded where isHeld(number) {
      count += 1
      updateLease(number.lease) { $0.recorded.insert(number.number) }
      stock = stock.flatMap { piece in
        piece.lease == number.lease ? piece.without([number.number]) : [piece]
      }
    }
    forgetEmptyFenced()
    return count > 0 ? [.note(.recorded(count))] : []
  }

  /// In the stock, or not committed yet and not left out before.
  private func isHeld(_ recorded: RecordedNumber) -> Bool {
    let isInStock = stock.contains {
      $0.lease == recorded.lease && $0.block.contains(recorded.number)
    }
    return isInStock
      || lease(recorded.lease)?.issuable.contains { $0.contains(recorded.number) } == true
  }
}

extension HeldLease {
  /// What is not committed yet, without what records carry already.
  var issuable: [Block] { uncommitted.map { $0.without(recorded) } ?? [] }
}

extension StockPiece {
  func without(_ numbers: Set<Int>) -> [StockPiece] {
    block.without(numbers).map {
      StockPiece(lease: lease, counter: counter, block: $0, isLogged: isLogged)
    }
  }
}
