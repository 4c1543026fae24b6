public import Allocator
import Foundation
import LeaseCore

extension MemoryLedger {
  public func gaps(_ query: GapQuery) throws(CoordinatorError) -> [GapEntry] {
    let wanted = counters.keys.sorted().filter {
      (query.kind == nil || $0.kind == query.kind) && (query.year == nil || $0.year == query.year)
    }
    let all = wanted.flatMap { counter in
      (leasedGaps(of: counter) + voidGaps(of: counter)).sorted { $0.block < $1.block }
    }
    return Array(
      all.lazy.filter { entry in
        guard let after = query.after else { return true }
        return (entry.counter, entry.block.first) > (after.counter, after.number)
      }.prefix(query.limit))
  }

  /// What one number of a lease is, as far as its neighbour may share a range with it.
  private struct Mark: Equatable {
    let state: GapEntry.State
    let line: Int?
  }

  private func leasedGaps(of counter: Counter) -> [GapEntry] {
    let own = leaseRows.values.filter { $0.counter == counter }.sorted { $0.block < $1.block }
    return own.flatMap { lease -> [GapEntry] in
      guard let occupied = lease.occupied else { return [] }
      var latest: [Int: Int] = [:]
      for (index, line) in issueLog.enumerated() where line.line.lease == lease.id {
        for number in line.line.block.numbers { latest[number] = index }
      }
      return runs(of: occupied.numbers) { (number: Int) -> Mark? in
        guard !isVoid(number, of: counter), recordRows[counter]?[number] == nil else { return nil }
        guard number <= lease.issuedThrough else { return Mark(state: .leased, line: nil) }
        if let line = latest[number] { return Mark(state: .issued, line: line) }
        return Mark(state: lease.isLive ? .committedAhead : .unacknowledged, line: nil)
      }.map { block, mark in
        let line = mark.line.map { issueLog[$0] }
        return GapEntry(
          counter: counter, block: block, state: mark.state, node: line?.node ?? lease.node,
          lease: lease.id, subject: line?.line.subject, requestID: line?.line.request,
          at: line?.at ?? lease.closedAt ?? lease.grantedAt, reason: nil)
      }
    }
  }

  private func voidGaps(of counter: Counter) -> [GapEntry] {
    let void = counters[counter]?.void ?? [:]
    guard let first = void.keys.min(), let last = void.keys.max() else { return [] }
    return runs(of: first...last) { number in void[number]?.reason }.map { block, reason in
      GapEntry(
        counter: counter, block: block, state: .void, node: nil, lease: nil, subject: nil,
        requestID: nil, at: void[block.first]?.at, reason: reason)
    }
  }

  /// Neighbours with the same mark as one block; numbers without a mark are left out.
  private func runs<Value: Equatable>(
    of numbers: ClosedRange<Int>, mark: (Int) -> Value?
  ) -> [(Block, Value)] {
    var runs: [(Block, Value)] = []
    for number in numbers {
      guard let own = mark(number) else { continue }
      if let (block, before) = runs.last, before == own, block.last + 1 == number,
        let longer = Block(first: block.first, last: number)
      {
        runs[runs.count - 1] = (longer, own)
      } else if let single = Block(first: number, last: number) {
        runs.append((single, own))
      }
    }
    return runs
  }
}
