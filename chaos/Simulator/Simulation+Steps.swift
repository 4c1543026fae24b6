import LeaseCore
import MemoryCoordinator

extension Simulation {
  mutating func run(_ step: Step) async {
    switch step {
    case .request(let number, let count): request(at: running(number), count: count)
    case .keyed(let number, let key):
      request(at: running(number), count: 1 + key % 3, key: Self.key(key, route: "serials"))
    case .record(let number, let count, let isBad):
      record(at: running(number), count: count, isBad: isBad)
    case .keyedRecord(let number, let key):
      // the same request each time
      request(
        at: running(number), count: 1 + key % 3, key: Self.key(key, route: "records"),
        records: (0...key % 3).map { "k\($0)" })
    // the rows that a restored coordinator has forgotten are of no account
    case .insertRow(let offset) where saved == nil: await insertRow(offset: offset)
    case .deliver(let number, let message, let fate):
      let process = number % processes.count
      let own = messages.indices.filter { messages[$0].process == process }
      if !own.isEmpty { await deliver(own[message % own.count], fate) }
    case .pass(let milliseconds): await pass(milliseconds)
    case .renew(let number): if let process = running(number) { await renew(process) }
    case .crash(let number): await crash(number % processes.count)
    case .pause(let number): if let process = running(number) { processes[process].isPaused = true }
    case .resume(let number): resume(number % processes.count)
    case .drain(let number): if let process = running(number) { drain(process) }
    case .replace(let number) where options.restore == nil: await replace(number % processes.count)
    case .leave(let number): if let process = running(number) { leave(process) }
    case .comeBack(let number): if let process = running(number) { comeBack(process) }
    case .clock(let seconds) where options.restore == nil || seconds < 0:
      await ledger.moveClock(bySeconds: Double(seconds))
    case .reap: _ = await ledger.reapAll()
    // Leases end early by a second process or a clock that is put forward: what then happens with a
    // coordinator that is restored is not promised.
    case .replace, .clock, .insertRow: break
    }
  }

  /// The process that a number means; nil when it has ended or stands still.
  private func running(_ number: Int) -> Int? {
    let process = number % processes.count
    return processes[process].isPaused || processes[process].isGone ? nil : process
  }

  mutating func pass(_ milliseconds: Int) async {
    now = now.advanced(byMilliseconds: milliseconds)
    await ledger.moveClock(bySeconds: Double(milliseconds) / 1000)
    for process in processes.indices
    where !processes[process].isPaused && !processes[process].isGone {
      perform(processes[process].machine.ticked(at: now), of: process)
    }
  }

  mutating func renew(_ process: Int) async {
    guard !processes[process].isAway else { return }
    let leases = processes[process].machine.beginRenewal(at: now)
    if !leases.isEmpty { return send(.renew(leases), from: process) }
    // It has none, or they are in a statement: the coordinator hears that the process lives.
    guard case .renew(_, let isSuperseded)? = await ask(.renew([]), by: processes[process].session)
    else { return }
    if isSuperseded { perform(processes[process].machine.superseded(at: now), of: process) }
  }

  mutating func crash(_ process: Int) async {
    guard !processes[process].isGone else { return }
    atStake += processes[process].machine.atStakeCount
    mayLackALine.formUnion(processes[process].machine.unreportedNumbers)
    let old = processes[process]
    if old.isReplaced {
      processes[process].life += 1
      processes[process].isGone = true
    } else if let new = await start(old.node, life: old.life + 1) {
      processes[process] = new
    }
  }

  mutating func resume(_ process: Int) {
    guard processes[process].isPaused, !processes[process].isGone else { return }
    processes[process].isPaused = false
    perform(processes[process].machine.ticked(at: now), of: process)
  }

  private mutating func replace(_ process: Int) async {
    guard processes.count < options.nodes + Self.mostReplacements,
      !processes[process].isReplaced,
      let new = await start(processes[process].node, life: 0)
    else { return }
    processes[process].isReplaced = true
    mayLackALine.formUnion(processes[process].machine.unreportedNumbers)
    processes.append(new)
  }

  private mutating func drain(_ process: Int) {
    processes[process].isDraining = true
    perform(processes[process].machine.drain(at: now), of: process)
  }

  private mutating func leave(_ process: Int) {
    guard !processes[process].isAway else { return }
    processes[process].isAway = true
    perform(processes[process].machine.coordinatorWentAway(at: now), of: process)
  }

  mutating func comeBack(_ process: Int) {
    guard processes[process].isAway, !processes[process].isGone else { return }
    processes[process].isAway = false
    perform(processes[process].machine.coordinatorCameBack(at: now), of: process)
  }
}
