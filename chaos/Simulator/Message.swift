import LeaseCore
import MemoryCoordinator

/// A call on its way to the coordinator, or the answer on its way back.
struct Message {
  enum Call {
    case acquire(AcquirePlan)
    case commit(CommitPlan)
    case readBack([LeaseReference])
    case release([ReleaseItem])
    case renew([LeaseReference])

    var slot: Slot {
      switch self {
      case .acquire: .acquire
      case .commit: .commit
      case .readBack: .readBack
      case .release: .release
      case .renew: .renew
      }
    }
  }

  enum Answer {
    case acquire(AcquireReply)
    case commit(CommitAnswer)
    case readBack([ReadBackReply])
    case release([ReleaseReply])
    case renew([RenewReply], isSuperseded: Bool)

    var isRefusedCommit: Bool {
      guard case .commit(let answer) = self else { return false }
      return answer.leases.contains { $0.outcome != .committed }
    }

    var slot: Slot {
      switch self {
      case .acquire: .acquire
      case .commit: .commit
      case .readBack: .readBack
      case .release: .release
      case .renew: .renew
      }
    }
  }

  enum Content {
    case call(Call)
    case answer(Answer)
  }

  /// What the sender waits for.
  enum Slot: String {
    case acquire, commit
    case readBack = "read-back"
    case release, renew
  }

  let process: Int
  /// Which of the processes in its place sent it.
  let life: Int
  let session: MemorySession
  var content: Content
  /// The sender waits for no answer to it.
  var isOrphan = false

  var slot: Slot {
    switch content {
    case .call(let call): call.slot
    case .answer(let answer): answer.slot
    }
  }

  /// The same on its way once more, with nobody who waits for it.
  var orphan: Message {
    var message = self
    message.isOrphan = true
    return message
  }
}
