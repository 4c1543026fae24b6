import Allocator
public import Foundation
import LeaseCore
import SerialFormat

/// The ledger of a coordinator in memory: for tests, for the simulator, and for programs that want
/// the allocator without a server. It gives the same answers as the PostgreSQL coordinator, and
/// loses everything when the process ends. Its records are of jobs and targets only, and its grants are
/// open but in a simulation.
///
/// Its clock is its own and stands still until it is moved.
public actor MemoryLedger {
  var now: Date
  var hasStandby = true
  var nodeRows: [String: Node] = [:]
  var boots: [BootID: Boot] = [:]
  var counters: [Counter: CounterState] = [:]
  var leaseRows: [LeaseID: Lease] = [:]
  var issueLog: [LogLine] = []
  var keyRows: [KeyName: KeyRow] = [:]
  var quotaRows: [String: Quota] = [:]
  /// Rows of jobs and targets, by number.
  var recordRows: [Counter: [Int: String]] = [:]
  /// The registry takes no record while it is false.
  var isRegistryReady = true
  var eventRows: [EventEntry] = []
  /// It has gone back to an earlier state: nothing is granted from then on.
  var hasGoneBack = false
  /// False in a simulation, which looks at no events.
  let keepsEvents: Bool
  /// Planted bug; nil everywhere but in tests of the simulator.
  let flaw: Flaw?
  /// The latest year that was looked up, and its time.
  private var year: (number: Int, time: DateInterval)?
  var recoverySetting = RecoverySetting()

  /// - Parameter now: where its clock stands.
  public init(now: Date) { self.init(now: now, keepsEvents: true, flaw: nil) }

  package init(now: Date, keepsEvents: Bool, flaw: Flaw?) {
    self.now = now
    self.keepsEvents = keepsEvents
    self.flaw = flaw
  }

  // MARK: - What only a ledger in memory can be told

  public func enroll(node: String, region: String) {
    guard nodeRows[node] == nil else { return }
    nodeRows[node] = Node(region: region)
    note("enrolled", node: node, detail: ["region": region])
  }

  /// Moves the clock, forward or back.
  public func moveClock(bySeconds seconds: TimeInterval) { now += seconds }

  public func setStandby(_ configured: Bool) { hasStandby = configured }

  /// Makes every idempotency key so much older.
  public func ageKeys(bySeconds seconds: TimeInterval) {
    for name in keyRows.keys { keyRows[name]?.takenAt -= seconds }
  }

  /// Lets every live lease of a node expire now.
  public func expireLeases(of node: String) {
    for lease in leaseRows.values where lease.node == node && lease.isLive {
      leaseRows[lease.id]?.expiresAt = now
    }
  }

  /// Closes the expired leases of every counter; returns how many.
  public func reapAll() -> Int { reap(nil) }

  // MARK: - The clock

  static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar
  }()

  var runningYear: Int {
    if let year, year.time.start <= now, now < year.time.end { return year.number }
    let number = Self.calendar.component(.year, from: now)
    year = Self.calendar.dateInterval(of: .year, for: now).map { (number, $0) }
    return number
  }

  // MARK: - The free pool

  func openCounter(_ counter: Counter) {
    guard counters[counter] == nil, let all = Block(first: 1, count: Capacity.counter) else {
      return
    }
    counters[counter] = CounterState(free: [all])
  }

  func freeCount(_ counter: Counter) -> Int {
    counters[counter]?.free.reduce(0) { $0 + $1.count } ?? 0
  }

  /// Joins what is given back with its neighbours.
  func giveBack(_ block: Block?, to counter: Counter) {
    guard let block, var state = counters[counter] else { return }
    let isFree = state.free.contains { $0.overlaps(block) }
    if isFree, flaw != nil { return giveBackTwice(block, to: counter) }
    precondition(!isFree, "\(block) was free already")
    var joined = block
    state.free.removeAll { neighbour in
      guard let both = joined.joined(neighbour) else { return false }
      joined = both
      return true
    }
    state.free = (state.free + [joined]).sorted()
    counters[counter] = state
  }

  /// The lowest numbers that are free, in at most `pieces` blocks.
  func takeLowest(_ count: Int, of counter: Counter, pieces: Int) -> [Block] {
    guard var state = counters[counter] else { return [] }
    var taken: [Block] = []
    var missing = count
    while missing > 0, taken.count < pieces, let lowest = state.free.first,
      let split = lowest.split(taking: missing)
    {
      state.free.removeFirst()
      if let rest = split.rest { state.free.insert(rest, at: 0) }
      taken.append(split.taken)
      missing -= split.taken.count
    }
    counters[counter] = state
    return taken
  }

  /// Takes one number out of the free pool; it must be there.
  func takeOut(_ number: Int, of counter: Counter) {
    guard let holder = counters[counter]?.free.first(where: { $0.contains(number) }) else {
      preconditionFailure("\(number) is not free")
    }
    counters[counter]?.free.removeAll { $0 == holder }
    let rest = [Block(first: holder.first, last: number - 1), holder.above(number)]
    counters[counter]?.free += rest.compactMap { $0 }
    counters[counter]?.free.sort()
  }

  // MARK: - The history

  /// Writes an event. Each is a transaction of its own here.
  func note(
    _ event: String, counter: Counter? = nil, block: Block? = nil, lease: Lease? = nil,
    node: String? = nil, bootID: BootID? = nil, detail: [String: String] = [:]
  ) {
    guard keepsEvents else { return }
    let id = eventRows.count + 1
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try? String(decoding: encoder.encode(detail), as: UTF8.self)
    eventRows.append(
      EventEntry(
        id: id, cursor: EventCursor(transaction: id, id: id), at: now, event: event,
        counter: counter ?? lease?.counter, block: block, lease: lease?.id,
        node: node ?? lease?.node, bootID: bootID ?? lease?.bootID,
        detail: detail.isEmpty ? nil : json))
  }
}
