import LeaseCore
import Logging

/// What the node writes down before it acts on it. A journal that fails is tried again for as long
/// as the node runs: what is to be written is known, and is not lost by waiting.
extension Allocator {
  /// What the journal is used for. Each is tried again until it succeeds, so that none hides that
  /// another one fails.
  enum JournalUse: Hashable {
    case grants
    case progress
    case releases
    /// Reports, and what the coordinator says of itself: again with each renewal.
    case reports
  }

  /// Writes grants down. False when the journal could not be written; nothing may be issued from
  /// them.
  func remember(_ reply: AcquireReply) async -> Bool {
    guard !reply.grants.isEmpty else {
      // What could not be written before is not granted any more.
      journalWorks(.grants)
      return true
    }
    guard let facts = history.remembered else { return false }
    let grants = reply.grants.map {
      Grant(lease: $0.id, boot: settings.boot, counter: reply.counter, block: $0.block)
    }
    do throws(JournalError) {
      try await journal.granted(grants, by: facts)
      journalWorks(.grants)
      return true
    } catch {
      journalFailed(.grants, error)
      return false
    }
  }

  /// Writes down how far leases have issued, and returns when that is done. False when the node
  /// ends before.
  func write(_ issuedThrough: [(LeaseID, Int)]) async -> Bool {
    guard !issuedThrough.isEmpty else { return true }
    let raised = Dictionary(issuedThrough) { max($0, $1) }
    while true {
      do throws(JournalError) {
        try await journal.progressed(raised, facts: nil)
        journalWorks(.progress)
        return true
      } catch {
        journalFailed(.progress, error)
      }
      guard await pauseForJournal() else { return false }
    }
  }

  /// Writes down what stays issued of leases that were given back, and returns when that is done.
  /// False when the node ends before.
  func settle(_ replies: [ReleaseReply]) async -> Bool {
    let settled = replies.filter { $0.outcome == .released || $0.outcome == .already }
      .map { ReportAnswer.Settled(lease: $0.lease, issuedThrough: $0.issuedThrough) }
    guard !settled.isEmpty else { return true }
    while !(await settle(settled, .releases)) {
      guard await pauseForJournal() else { return false }
    }
    return true
  }

  /// False when the journal could not be written.
  func settle(_ leases: [ReportAnswer.Settled], _ use: JournalUse) async -> Bool {
    guard !leases.isEmpty else { return true }
    do throws(JournalError) {
      try await journal.settled(leases)
      journalWorks(use)
      return true
    } catch {
      journalFailed(use, error)
      return false
    }
  }

  private func pauseForJournal() async -> Bool {
    (try? await clock.sleep(max(1, settings.machine.retryMilliseconds))) != nil
  }

  func journalWorks(_ use: JournalUse) {
    guard history.journalProblems.removeValue(forKey: use) != nil else { return }
    if history.journalProblem == nil { logger.info("the journal can be written again") }
  }

  func journalFailed(_ use: JournalUse, _ error: JournalError) {
    metrics.journalFailed()
    guard history.journalProblems.updateValue(error.detail, forKey: use) != error.detail else {
      return
    }
    logger.error("the journal failed: nothing is issued", metadata: ["detail": "\(error.detail)"])
  }
}
