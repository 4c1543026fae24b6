public import Allocator
import Foundation
public import LeaseCore
import SerialFormat

extension MemoryLedger: ClusterOperating {
  public func void(_ block: Block, of counter: Counter, reason: String, by subject: String)
    throws(CoordinatorError) -> VoidOutcome
  {
    openCounter(counter)
    _ = reap(counter)
    let holders = leaseRows.values.filter {
      $0.isLive && $0.counter == counter && $0.block.overlaps(block)
    }.sorted { $0.block < $1.block }
    if let first = holders.first {
      recall(holders)
      return .leased(max(block.first, first.block.first), node: first.node)
    }
    if let number = block.numbers.first(where: { recordRows[counter]?[$0] != nil }) {
      return .recorded(number)
    }
    let numbers = block.numbers.filter { !isVoid($0, of: counter) }
    for number in numbers {
      let wasFree = counters[counter]?.free.contains { $0.contains(number) } == true
      if wasFree { takeOut(number, of: counter) }
      counters[counter]?.void[number] = VoidMark(wasFree: wasFree, reason: reason, at: now)
    }
    if !numbers.isEmpty {
      note("voided", counter: counter, block: block, detail: ["reason": reason, "by": subject])
    }
    return .done(numbers.count)
  }

  public func unvoid(_ block: Block, of counter: Counter, reason: String, by subject: String)
    throws(CoordinatorError) -> VoidOutcome
  {
    if let number = block.numbers.first(where: { !isVoid($0, of: counter) }) {
      return .notVoid(number)
    }
    for number in block.numbers {
      guard let mark = counters[counter]?.void.removeValue(forKey: number) else { continue }
      if mark.wasFree { giveBack(Block(first: number, last: number), to: counter) }
    }
    note("unvoided", counter: counter, block: block, detail: ["reason": reason, "by": subject])
    return .done(block.count)
  }

  func isVoid(_ number: Int, of counter: Counter) -> Bool {
    counters[counter]?.void[number] != nil
  }

  public func freeze(_ counter: Counter, _ frozen: Bool, reason: String, by subject: String)
    throws(CoordinatorError)
  {
    openCounter(counter)
    counters[counter]?.isFrozen = frozen
    note(
      frozen ? "frozen" : "unfrozen", counter: counter, detail: ["reason": reason, "by": subject])
  }

  public func setReserve(_ numbers: Int, of counter: Counter, by subject: String)
    throws(CoordinatorError)
  {
    guard (0...Capacity.counter).contains(numbers) else {
      throw CoordinatorError(.rejected, detail: "a reserve of \(numbers) is not within 0...99999")
    }
    openCounter(counter)
    counters[counter]?.reserve = numbers
    note("reserve-set", counter: counter, detail: ["numbers": "\(numbers)", "by": subject])
  }

  public func setQuota(
    of subject: String, perMinute: Int?, perYear: Int?, by administrator: String
  ) throws(CoordinatorError) {
    guard [perMinute, perYear].allSatisfy({ ($0 ?? 1) >= 1 }) else {
      throw CoordinatorError(.rejected, detail: "a quota is at least 1")
    }
    let isQuota = perMinute != nil || perYear != nil
    quotaRows[subject] = isQuota ? Quota(perMinute: perMinute, perYear: perYear) : nil
    note(
      isQuota ? "quota-set" : "quota-removed", detail: ["subject": subject, "by": administrator])
  }

  public func drain(node: String, by subject: String) throws(CoordinatorError) -> NodeOutcome {
    guard nodeRows[node] != nil else { return .unknownNode }
    guard let id = currentBoot(of: node) else { return .notRunning }
    guard boots[id]?.drainRequested == false else { return .already }
    boots[id]?.drainRequested = true
    note("drain-requested", node: node, bootID: id, detail: ["by": subject])
    return .done
  }

  public func retire(node: String, reason: String, by subject: String)
    throws(CoordinatorError) -> NodeOutcome
  {
    guard let row = nodeRows[node] else { return .unknownNode }
    guard !row.isRetired else { return .already }
    let boot = currentBoot(of: node)
    endBoot(of: node, reason: "retired")
    nodeRows[node]?.isRetired = true
    note("node-retired", node: node, bootID: boot, detail: ["reason": reason, "by": subject])
    return .done
  }

  /// Its grants are open in any case.
  public func recover(reason: String, by subject: String) throws(CoordinatorError) -> [String] {
    note("recovered", detail: ["reason": reason, "by": subject])
    return []
  }

  public func setRecovery(
    waitMilliseconds: Int?, failoverIsSynchronous: Bool?, by subject: String
  ) throws(CoordinatorError) {
    guard (0...3_600_000).contains(waitMilliseconds ?? 0) else {
      throw CoordinatorError(.rejected, detail: "the wait is not within 0...3600000")
    }
    recoverySetting.waitMilliseconds = waitMilliseconds ?? recoverySetting.waitMilliseconds
    recoverySetting.failoverIsSynchronous =
      failoverIsSynchronous ?? recoverySetting.failoverIsSynchronous
    note("recovery-set", detail: ["by": subject])
  }
}
