import LeaseCore
import MemoryCoordinator
import SerialFormat

/// Callers, and applications that insert rows of their own.
extension Simulation {
  static let subject = "client"

  static func key(_ number: Int, route: String) -> IdempotencyKey? {
    IdempotencyKey(route: route, key: "\(number)", requestHash: "\(number)")
  }

  static func row(_ name: String) -> String { "{\"name\": \"\(name)\"}" }

  mutating func request(
    at process: Int?, count: Int, key: IdempotencyKey? = nil, records: [String] = []
  ) {
    guard let process else { return }
    let request = Request(
      id: RequestID(names.uuid()), subject: Self.subject, count: count,
      deadline: now.advanced(byMilliseconds: 5_000), key: key, records: records.map(Self.row))
    if !records.isEmpty { recording[request.id] = records }
    if let key { keyed[request.id] = KeyOwner(subject: Self.subject, key: key) }
    if count == 1 { singles.insert(request.id) }
    perform(processes[process].machine.requested(request, at: now), of: process)
  }

  mutating func record(at process: Int?, count: Int, isBad: Bool) {
    var rows = (0..<count).map { "r\(recording.count)-\($0)" }
    // ends the JSON text early
    if isBad { rows[0] = "\"" }
    request(at: process, count: count, records: rows)
  }

  mutating func receive(
    _ id: RequestID, _ counter: LeaseCore.Counter, _ blocks: [Block], from process: Int
  ) {
    trace.add("  \(process) handed out \(blocks)")
    let numbers = blocks.sorted().flatMap(\.numbers)
    if counter != Self.counter { violate(.notIssued, "numbers of \(counter)") }
    // Whoever inserts a row with a number that is on its way to a caller cannot be told from the
    // caller.
    for number in numbers where !handedOut.insert(number).inserted && inserted[number] != id {
      violate(.handedOutTwice, "\(number), the second time by process \(process)")
    }
    if processes[process].isReplaced { mayLackALine.formUnion(numbers) }
    for (number, name) in zip(numbers, recording[id] ?? []) { acknowledged[number] = name }
    if let owner = keyed[id], received.updateValue(blocks.sorted(), forKey: owner) != nil {
      violate(.key, "\(owner.key.key) got numbers twice, the second time from \(process)")
    }
  }

  /// An application inserts a row with a number that was issued and that no record carries, as one
  /// that computes the highest and one does.
  mutating func insertRow(offset: Int) async {
    let number = firstLeft + offset % options.left
    let rows = await ledger.records(of: Self.counter)
    guard rows[number] == nil, !handedOut.contains(number) else { return }
    let issued = await ledger.recipients(of: Self.counter, from: number)
    guard let holder = issued[number]?.request else { return }
    await ledger.insertRecord(Self.row("theirs"), number: number, of: Self.counter)
    trace.add("  a row has \(number)")
    inserted[number] = holder
    handedOut.insert(number)
  }
}
