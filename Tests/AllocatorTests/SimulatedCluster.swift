import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator
import SerialFormat

/// Machines of several nodes, a coordinator in memory, and a network that loses, delays and doubles
/// messages. Everything follows from one seed.
struct SimulatedCluster {
  struct Node {
    let name: String
    var machine: LeaseMachine
    var session: MemorySession
    var boot: BootID
    /// Counts its processes: answers to an older one are dropped.
    var life: Int
    /// It cannot reach the coordinator.
    var isAway = false
  }

  /// A call on its way to the coordinator.
  struct Call {
    let node: Int
    let life: Int
    let session: MemorySession
    let action: MachineAction
    /// The answer goes nowhere: the sender was told that the outcome is unknown.
    var isOrphan: Bool
  }

  static let timeToLive = 15_000

  let ledger: MemoryLedger
  var random: SeededGenerator
  var nodes: [Node] = []
  var calls: [Call] = []
  var now = Instant(milliseconds: 0)
  /// Requests for a single number: only these tell that nothing at all is left.
  var singles: Set<RequestID> = []
  var handedOut: Set<Int> = []
  /// What crashes may have left issued and in nobody's hands, and what the machines gave up.
  var atStake = 0
  /// Requests with an idempotency key, and the keys whose numbers a caller received.
  var keyed: [RequestID: KeyOwner] = [:]
  var received: [KeyOwner: [Block]] = [:]
  /// Requests with records, their names, and the numbers that a caller received for them.
  var recording: [RequestID: [String]] = [:]
  var acknowledged: [Int: String] = [:]
  /// Numbers whose rows an application inserted, and who had them by the issue log then.
  var inserted: [Int: RequestID] = [:]
  /// Numbers that were handed out ahead and that died unreported with their process.
  var mayLackALine: Set<Int> = []
  let commitAhead: CommitAhead
  /// What went wrong, in words; empty when nothing did.
  var violations: [String] = []
  var notes: [String: Int] = [:]
  /// Nodes that said of a single number that none is left.
  var exhausted: Set<Int> = []
  let counter = LeaseCore.Counter(kind: .job, year: 2026)

  init(seed: UInt64, nodes count: Int, left: Int, commitAhead: CommitAhead = .none) async throws {
    self.commitAhead = commitAhead
    random = SeededGenerator(seed: seed)
    ledger = MemoryLedger(now: Date(timeIntervalSince1970: 1_790_000_000))
    await ledger.enroll(node: "filler", region: "eu")
    try await Self.fill(ledger, leaving: left)
    for index in 0..<count {
      await ledger.enroll(node: "n-\(index)", region: "eu")
      nodes.append(try await makeNode("n-\(index)", life: 0))
    }
  }

  /// Issues everything but the last numbers, so that the end of the counter is near.
  private static func fill(_ ledger: MemoryLedger, leaving left: Int) async throws {
    let identity = SessionIdentity(
      bootID: BootID(UUID()), timeToLiveMilliseconds: timeToLive, requiresStandby: false)
    let session = MemorySession(ledger: ledger, node: "filler", identity: identity)
    _ = try await session.register()
    var missing = Capacity.counter - left
    while missing > 0 {
      let count = min(missing, 24_999)
      let name = AcquirePlan.Name(id: LeaseID(UUID()), token: Token(UUID()))
      let plan = AcquirePlan(
        stream: IssueStream(kind: .job), needed: count, wanted: count, leases: [name])
      guard let grant = try await session.acquire(plan).grants.first else { return }
      let lease = LeaseReference(id: name.id, token: name.token, attempt: 0)
      _ = try await session.commit(
        CommitPlan(
          counter: LeaseCore.Counter(kind: .job, year: 2026),
          raises: [
            .init(
              lease: lease, revision: 0, expected: grant.block.first - 1,
              through: grant.block.last, handedOut: grant.block.first - 1)
          ],
          lines: [
            .init(
              lease: name.id, block: grant.block, request: RequestID(UUID()), subject: "filler",
              again: false)
          ]))
      _ = try await session.release([ReleaseItem(lease: lease, handedOut: grant.block.last)])
      missing -= grant.block.count
    }
  }

  private mutating func makeNode(_ name: String, life: Int) async throws -> Node {
    let boot = BootID(UUID())
    let session = MemorySession(
      ledger: ledger, node: name,
      identity: SessionIdentity(
        bootID: boot, timeToLiveMilliseconds: Self.timeToLive, requiresStandby: false))
    _ = try await session.register()
    let machine = LeaseMachine(
      stream: IssueStream(kind: .job),
      settings: LeaseMachine.Settings(
        timeToLiveMilliseconds: Self.timeToLive,
        sizing: BlockSizing(horizonMilliseconds: 10_000, largest: 16), commitAhead: commitAhead),
      makeName: { AcquirePlan.Name(id: LeaseID(UUID()), token: Token(UUID())) })
    return Node(name: name, machine: machine, session: session, boot: boot, life: life)
  }

  // MARK: - One step

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  mutating func request(
    on node: Int, count: Int, key: IdempotencyKey? = nil, records: [String] = []
  ) {
    let request = Request(
      id: RequestID(UUID()), subject: "client", count: count,
      deadline: now.advanced(byMilliseconds: 5_000), key: key,
      records: records.map { "{\"name\": \"\($0)\"}" })
    if !records.isEmpty { recording[request.id] = records }
    if let key { keyed[request.id] = KeyOwner(subject: "client", key: key) }
    if count == 1 { singles.insert(request.id) }
    run(nodes[node].machine.requested(request, at: now), on: node)
  }

  /// One of a few requests that are repeated under their keys, on any node.
  mutating func repeatable(on node: Int) {
    let number = Int.random(in: 1...9, using: &random)
    guard let key = IdempotencyKey(route: "POST /", key: "\(number)", requestHash: "\(number)")
    else { return }
    request(on: node, count: 1 + number % 3, key: key)
  }

  mutating func goAway(_ node: Int) {
    guard !nodes[node].isAway else { return comeBack(node) }
    nodes[node].isAway = true
    run(nodes[node].machine.coordinatorWentAway(at: now), on: node)
  }

  mutating func comeBack(_ node: Int) {
    guard nodes[node].isAway else { return }
    nodes[node].isAway = false
    run(nodes[node].machine.coordinatorCameBack(at: now), on: node)
  }

  mutating func restart(_ node: Int) async throws {
    atStake += nodes[node].machine.atStakeCount
    mayLackALine.formUnion(nodes[node].machine.unreportedNumbers)
    nodes[node] = try await makeNode(nodes[node].name, life: nodes[node].life + 1)
  }

  mutating func pass(_ milliseconds: Int) async {
    now = now.advanced(byMilliseconds: milliseconds)
    await ledger.moveClock(bySeconds: Double(milliseconds) / 1000)
    for node in nodes.indices { run(nodes[node].machine.ticked(at: now), on: node) }
  }

  mutating func renew(_ node: Int) async throws {
    guard !nodes[node].isAway else { return }
    let leases = nodes[node].machine.beginRenewal(at: now)
    let answer = try await nodes[node].session.renew(leases)
    if !leases.isEmpty {
      run(nodes[node].machine.renewAnswered(answer.leases, at: now), on: node)
    }
  }

  /// Lets one call arrive. `faults` decides what the network does to it.
  mutating func deliverCall(faults: Bool) async throws {
    guard let index = calls.indices.randomElement(using: &random) else { return }
    let call = calls.remove(at: index)
    if isCurrent(call), nodes[call.node].isAway { return fail(call, .unavailable) }
    if faults, !call.isOrphan, chance(15) {
      // The sender gives up. The message is lost, or still on its way.
      if chance(60) {
        var late = call
        late.isOrphan = true
        calls.append(late)
      }
      fail(call, .unknown)
      return
    }
    if faults, chance(5) {
      var twin = call
      twin.isOrphan = true
      calls.append(twin)
    }
    let isLost = faults && chance(15)
    try await answer(call, isLost: isLost)
  }

  private func isCurrent(_ call: Call) -> Bool {
    !call.isOrphan && nodes[call.node].life == call.life
  }

  private mutating func fail(_ call: Call, _ failure: CallFailure) {
    guard isCurrent(call) else { return }
    switch call.action {
    case .acquire: run(nodes[call.node].machine.acquireFailed(failure, at: now), on: call.node)
    case .commit: run(nodes[call.node].machine.commitFailed(failure, at: now), on: call.node)
    case .readBack: run(nodes[call.node].machine.readBackFailed(failure, at: now), on: call.node)
    case .release: run(nodes[call.node].machine.releaseFailed(failure, at: now), on: call.node)
    case .deliver, .fail, .hint, .note: break
    }
  }

  private mutating func answer(_ call: Call, isLost: Bool) async throws {
    let hears = isCurrent(call) && !isLost
    let node = call.node
    switch call.action {
    case .acquire(let plan):
      let reply = try await call.session.acquire(plan)
      if hears { run(nodes[node].machine.acquireAnswered(reply, at: now), on: node) }
    case .commit(let plan):
      let reply = try await call.session.commit(plan)
      if hears { run(nodes[node].machine.commitAnswered(reply, at: now), on: node) }
    case .readBack(let leases):
      let reply = try await call.session.readBack(leases)
      if hears { run(nodes[node].machine.readBackAnswered(reply, at: now), on: node) }
    case .release(let items):
      let reply = try await call.session.release(items)
      if hears { run(nodes[node].machine.releaseAnswered(reply, at: now), on: node) }
    case .deliver, .fail, .hint, .note: break
    }
    if isLost { fail(call, .unknown) }
  }

  private mutating func run(_ actions: [MachineAction], on node: Int) {
    for action in actions {
      switch action {
      case .acquire, .commit, .readBack, .release:
        calls.append(
          Call(
            node: node, life: nodes[node].life, session: nodes[node].session, action: action,
            isOrphan: false))
      case .deliver(let id, let counter, let blocks): receive(id, counter, blocks, from: node)
      case .fail(let id, .capacityExhausted): if singles.contains(id) { exhausted.insert(node) }
      case .fail, .hint: break
      case .note(let note):
        if case .incident(_, let story) = note { violations.append("incident: \(story)") }
        if case .abandoned(let count) = note { atStake += count }
        if case .unreported = note { violations.append("\(note)") }
        notes[String(describing: note).prefix { $0 != "(" }.description, default: 0] += 1
      }
    }
  }
}

extension SimulatedCluster {
  private mutating func receive(
    _ id: RequestID, _ counter: LeaseCore.Counter, _ blocks: [Block], from node: Int
  ) {
    if counter != self.counter { violations.append("numbers of \(counter)") }
    // Whoever inserts a row with a number that is on its way to a caller cannot be told from the
    // caller.
    for number in blocks.flatMap(\.numbers)
    where !handedOut.insert(number).inserted && inserted[number] != id {
      violations.append("\(number) was handed out twice, the second time by \(node)")
    }
    for (number, name) in zip(blocks.sorted().flatMap(\.numbers), recording[id] ?? []) {
      acknowledged[number] = name
    }
    if let owner = keyed[id], received.updateValue(blocks.sorted(), forKey: owner) != nil {
      violations.append("\(owner.key.key) got numbers twice, the second time from \(node)")
    }
  }

  /// Whoever lost the answer to a request with a key asks again: what the key holds is received
  /// then.
  mutating func askForKeys() async throws {
    for owner in Set(keyed.values) {
      switch try await nodes[0].session.resolve([owner]).first {
      case .used(_, let blocks):
        guard let before = received[owner] else {
          handedOut.formUnion(blocks.flatMap(\.numbers))
          continue
        }
        if before != blocks { violations.append("\(owner.key.key): \(before), then \(blocks)") }
      case .unused:
        if received[owner] != nil { violations.append("\(owner.key.key) is forgotten") }
      case .reused, nil: violations.append("\(owner.key.key) has another request")
      }
    }
  }
}
