import Allocator
import LeaseCore
import MemoryCoordinator

/// A journal that a test lets fail, and that says what was written.
actor ScriptedJournal: GrantJournaling {
  enum Call: Hashable, Sendable { case granted, progressed, settled, memory }

  static let failure = JournalError(detail: "/state/grants.journal: No space left on device")

  private let memoryJournal = MemoryJournal()
  private var failing: Set<Call> = []
  private(set) var attempts: [Call: Int] = [:]
  private(set) var written: [LeaseID: Int] = [:]
  private(set) var closed: [ReportAnswer.Settled] = []
  private(set) var granted: [Grant] = []

  func fail(_ calls: Call...) { failing.formUnion(calls) }
  func work() { failing = [] }

  /// As if an earlier process of the node had written it.
  func remember(_ grants: [Grant], by facts: CoordinatorFacts, through: [LeaseID: Int] = [:]) async
  {
    await memoryJournal.granted(grants, by: facts)
    await memoryJournal.progressed(through, facts: nil)
  }

  func count(of call: Call) -> Int { attempts[call] ?? 0 }

  private func begin(_ call: Call) throws(JournalError) {
    attempts[call, default: 0] += 1
    if failing.contains(call) { throw Self.failure }
  }

  func granted(_ grants: [Grant], by facts: CoordinatorFacts) async throws(JournalError) {
    try begin(.granted)
    granted += grants
    await memoryJournal.granted(grants, by: facts)
  }

  func progressed(_ issuedThrough: [LeaseID: Int], facts: CoordinatorFacts?)
    async throws(JournalError)
  {
    // What only remembers facts is a matter of the reports.
    if !issuedThrough.isEmpty { try begin(.progressed) }
    written.merge(issuedThrough) { max($0, $1) }
    await memoryJournal.progressed(issuedThrough, facts: facts)
  }

  func settled(_ leases: [ReportAnswer.Settled]) async throws(JournalError) {
    try begin(.settled)
    closed += leases
    await memoryJournal.settled(leases)
  }

  func memory() async throws(JournalError) -> JournalMemory {
    try begin(.memory)
    return await memoryJournal.memory()
  }
}
