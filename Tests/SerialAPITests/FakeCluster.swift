import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Synchronization

/// A cluster of one node and one lease, which can fail or hang.
final class FakeCluster: ClusterReading {
  static let lease = LeaseID(UUID(uuidString: "11111111-2222-3333-4444-555555555555") ?? UUID())
  static let boot = BootID(UUID(uuidString: "99999999-2222-3333-4444-555555555555") ?? UUID())
  static let request = RequestID(
    UUID(uuidString: "77777777-2222-3333-4444-555555555555") ?? UUID())
  static let noon = Date(timeIntervalSince1970: 1_780_056_000.25)

  private struct State {
    var failure: CoordinatorError.Code?
    var hangs = false
    var entry = NumberEntry(state: .free)
    var history: [DailyIssues] = []
    var disagreements: [Disagreement] = []
    var events: [EventEntry] = []
    var grants = GrantState(
      generation: 1, grantsAreOpen: true, reason: nil, closedAt: nil, opensAt: nil, waitingFor: [])
    var gapQueries: [GapQuery] = []
    var eventQueries: [EventQuery] = []
    var readings = 0
  }

  private let state = Mutex(State())
  private let forever = Gate()

  func fail(_ code: CoordinatorError.Code?) { state.withLock { $0.failure = code } }
  func hang(_ hangs: Bool) { state.withLock { $0.hangs = hangs } }
  func setEntry(_ entry: NumberEntry) { state.withLock { $0.entry = entry } }
  func setHistory(_ days: [DailyIssues]) { state.withLock { $0.history = days } }
  func setDisagreements(_ found: [Disagreement]) { state.withLock { $0.disagreements = found } }
  func setEvents(_ events: [EventEntry]) { state.withLock { $0.events = events } }
  func setGrants(_ grants: GrantState) { state.withLock { $0.grants = grants } }
  var gapQueries: [GapQuery] { state.withLock { $0.gapQueries } }
  var eventQueries: [EventQuery] { state.withLock { $0.eventQueries } }
  /// How often the ledger was read.
  var readings: Int { state.withLock { $0.readings } }

  private func read<Value>(_ value: Value) async throws(CoordinatorError) -> Value {
    let (failure, hangs) = state.withLock { ($0.failure, $0.hangs) }
    // Deaf to cancellation, as a library in C would be.
    if hangs { await forever.passed() }
    if let failure { throw CoordinatorError(failure, detail: "secret host name") }
    return value
  }

  deinit { forever.open() }

  func ledger() async throws(CoordinatorError) -> [LedgerEntry] {
    state.withLock { $0.readings += 1 }
    return try await read([
      LedgerEntry(
        counter: Counter(kind: .target, year: 2026), capacity: 99_999, issued: 0, leased: 0,
        free: 99_999, void: 0, reserve: 0, frozen: true),
      LedgerEntry(
        counter: Counter(kind: .job, year: 2026), capacity: 99_999, issued: 12_345, leased: 100,
        free: 87_553, void: 1, reserve: 10, frozen: false),
    ])
  }

  func nodes() async throws(CoordinatorError) -> [NodeEntry] {
    try await read([
      NodeEntry(
        node: "us-1", region: "us", state: "retired", live: false, bootID: nil, startedAt: nil,
        lastSeenAt: nil, leases: 0, leasedNumbers: 0),
      NodeEntry(
        node: "eu-1", region: "eu", state: "active", live: true, bootID: Self.boot,
        startedAt: Self.noon, lastSeenAt: Self.noon, leases: 1, leasedNumbers: 60),
    ])
  }

  func leases() async throws(CoordinatorError) -> [LeaseEntry] {
    guard let block = Block(first: 12_346, last: 12_445) else { return [] }
    return try await read([
      LeaseEntry(
        id: Self.lease, node: "eu-1", counter: Counter(kind: .job, year: 2026), block: block,
        committedThrough: 12_385, atRisk: 7, grantedAt: Self.noon,
        expiresAt: Self.noon.addingTimeInterval(15), recalledAt: nil)
    ])
  }

  func number(_ number: Int, of counter: Counter) async throws(CoordinatorError) -> NumberEntry {
    try await read(state.withLock { $0.entry })
  }

  func gaps(_ query: GapQuery) async throws(CoordinatorError) -> [GapEntry] {
    state.withLock { $0.gapQueries.append(query) }
    let counter = Counter(kind: .job, year: 2026)
    guard let struck = Block(first: 17, last: 17), let held = Block(first: 20, last: 29) else {
      return []
    }
    return try await read([
      GapEntry(
        counter: counter, block: struck, state: .void, node: nil, lease: nil, subject: nil,
        requestID: nil, at: Self.noon, reason: "a misprint"),
      GapEntry(
        counter: counter, block: held, state: .unacknowledged, node: "eu-1", lease: Self.lease,
        subject: "billing", requestID: Self.request, at: nil, reason: nil),
    ])
  }

  func events(_ query: EventQuery) async throws(CoordinatorError) -> [EventEntry] {
    let events = state.withLock { state in
      state.eventQueries.append(query)
      return state.events
    }
    return try await read(Array(events.filter { $0.cursor > query.after }.prefix(query.limit)))
  }

  func verify() async throws(CoordinatorError) -> [Disagreement] {
    try await read(state.withLock { $0.disagreements })
  }

  func history() async throws(CoordinatorError) -> [DailyIssues] {
    try await read(state.withLock { $0.history })
  }

  func quotas() async throws(CoordinatorError) -> [QuotaEntry] {
    try await read([
      QuotaEntry(
        subject: "loop", perMinute: 60, perYear: nil, usedThisMinute: 59, usedThisYear: 4_000),
      QuotaEntry(
        subject: "billing", perMinute: nil, perYear: 5_000, usedThisMinute: 0, usedThisYear: 0),
    ])
  }

  func grants() async throws(CoordinatorError) -> GrantState {
    try await read(state.withLock { $0.grants })
  }

  func connectionFacts() async -> ConnectionFacts? {
    guard state.withLock({ $0.failure == nil }) else { return nil }
    return ConnectionFacts(
      tlsProtocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", certificateSubject: "CN=db",
      certificateEnd: Date(timeIntervalSince1970: 1_800_000_000))
  }
}
