public import Allocator
package import LeaseCore
import SerialFormat

extension MemoryLedger {
  public func verify() throws(CoordinatorError) -> [Disagreement] {
    counters.keys.sorted().flatMap(partition) + leaseBounds() + linesOutside() + linesTwice()
      + keysWithoutLines() + recordsNotIssued()
  }

  /// Rule 1: every number is in exactly one place.
  package func partition(_ counter: Counter) -> [Disagreement] {
    let leased = leaseRows.values.filter { $0.counter == counter }.compactMap(\.occupied)
    let void = (counters[counter]?.void ?? [:]).filter(\.value.wasFree).keys.compactMap {
      Block(first: $0, last: $0)
    }
    let places = ((counters[counter]?.free ?? []) + leased + void).sorted()
    // They cover the counter without a hole or an overlap, or somebody has to look closer.
    let starts = places.map(\.first) + [Capacity.counter + 1]
    let ends = [0] + places.map(\.last)
    if zip(starts, ends).allSatisfy({ $0 == $1 + 1 }) { return [] }
    var counts = [Int](repeating: 0, count: Capacity.counter + 1)
    for number in places.flatMap(\.numbers) { counts[number] += 1 }
    return (1...Capacity.counter).filter { counts[$0] != 1 }.map { number in
      Disagreement(
        check: "one-place", counter: counter, block: Block(first: number, last: number),
        detail: "the number is in \(counts[number]) places")
    }
  }

  private func leaseBounds() -> [Disagreement] {
    leaseRows.values.filter { lease in
      !(lease.block.first - 1 <= lease.handedOutThrough
        && lease.handedOutThrough <= lease.committedThrough
        && lease.committedThrough <= lease.block.last
        && lease.closedThrough ?? lease.handedOutThrough <= lease.committedThrough)
    }.map {
      Disagreement(
        check: "lease-bounds", counter: $0.counter, block: $0.block,
        detail: "handed out, committed and closed through are out of order")
    }
  }

  private func linesOutside() -> [Disagreement] {
    issueLog.filter { line in
      guard let lease = leaseRows[line.line.lease] else { return true }
      return line.line.block.first < lease.block.first || line.line.block.last > lease.issuedThrough
    }.map {
      Disagreement(
        check: "line-not-issued", counter: $0.counter, block: $0.line.block,
        detail: "the issue log has a line for what its lease did not issue")
    }
  }

  private func linesTwice() -> [Disagreement] {
    let firsts = issueLog.filter { !$0.line.again }.sorted {
      ($0.counter, $0.line.block) < ($1.counter, $1.line.block)
    }
    return zip(firsts, firsts.dropFirst()).filter {
      $0.counter == $1.counter && $0.line.block.overlaps($1.line.block)
    }.map {
      Disagreement(
        check: "issued-twice", counter: $1.counter, block: $1.line.block,
        detail: "the issue log has two lines for a number")
    }
  }

  private func recordsNotIssued() -> [Disagreement] {
    recordRows.flatMap { counter, rows in
      rows.keys.filter { number in
        isVoid(number, of: counter)
          || !leaseRows.values.contains {
            $0.counter == counter && $0.block.contains(number) && number <= $0.issuedThrough
          }
      }.sorted().map {
        Disagreement(
          check: "record-not-issued", counter: counter, block: Block(first: $0, last: $0),
          detail: "a record carries it and it is not issued")
      }
    }
  }

  private func keysWithoutLines() -> [Disagreement] {
    keyRows.values.flatMap { row in
      row.blocks.filter { block in
        !issueLog.contains { $0.line.request == row.request && $0.line.block == block }
      }.map {
        Disagreement(
          check: "key-without-line", counter: row.counter, block: $0,
          detail: "a key names numbers that its request has no line for")
      }
    }
  }
}
