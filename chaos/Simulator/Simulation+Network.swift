import Allocator
import LeaseCore
import MemoryCoordinator

/// What becomes of messages.
extension Simulation {
  mutating func deliver(_ index: Int, _ fate: Fate) async {
    let message = messages[index]
    switch message.content {
    case .call(let call): await deliver(call, message, at: index, fate)
    case .answer(let answer):
      let hears = isAwaited(message)
      // It waits until the process goes on.
      if hears, processes[message.process].isPaused { return }
      messages.remove(at: index)
      guard hears else { return }
      switch fate {
      case .arrives, .answeredLater, .doubled:
        if processes[message.process].isAway { return giveUp(message) }
        hear(answer, of: message.process)
      case .lost, .late, .unanswered: giveUp(message)
      }
    }
  }

  private mutating func deliver(
    _ call: Message.Call, _ message: Message, at index: Int, _ fate: Fate
  ) async {
    guard isAwaited(message) else {
      if fate != .doubled { messages.remove(at: index) }
      if fate != .lost { _ = await ask(call, by: message.session, mayBeRefused: true) }
      return
    }
    if processes[message.process].isPaused {
      // What it sent arrives; it neither hears the answer nor gives up.
      guard fate == .arrives || fate == .answeredLater else { return }
      messages.remove(at: index)
      return await answerLater(call, message)
    }
    messages.remove(at: index)
    switch fate {
    case .lost: return giveUp(message)
    case .late:
      messages.append(message.orphan)
      return giveUp(message)
    case .arrives, .answeredLater, .doubled, .unanswered: break
    }
    // Nothing was sent.
    if processes[message.process].isAway { return fail(message, .unavailable) }
    if fate == .answeredLater { return await answerLater(call, message) }
    guard let answer = await ask(call, by: message.session) else { return }
    // PostgreSQL runs no statement again that it has answered. A copy of a commit that was refused
    // would be taken, once the clock has gone back to before the lease expired.
    if fate == .doubled, !answer.isRefusedCommit { messages.append(message.orphan) }
    if fate == .unanswered { giveUp(message) } else { hear(answer, of: message.process) }
  }

  private mutating func answerLater(_ call: Message.Call, _ message: Message) async {
    guard let answer = await ask(call, by: message.session) else { return }
    var message = message
    message.content = .answer(answer)
    messages.append(message)
  }

  /// The process that sent it is still there, and waits.
  func isAwaited(_ message: Message) -> Bool {
    !message.isOrphan && processes[message.process].life == message.life
  }

  /// The sender waits no longer and does not know what became of it.
  mutating func giveUp(_ message: Message) {
    fail(message, bug == .unknownTakenAsFailed ? .notDone : .unknown)
  }

  private mutating func fail(_ message: Message, _ failure: CallFailure) {
    let process = message.process
    trace.add("  \(process) \(message.slot.rawValue) \(failure)")
    perform(processes[process].machine.failed(message.slot, failure, at: now), of: process)
  }

  private mutating func hear(_ answer: Message.Answer, of process: Int) {
    trace.add("  \(process) \(answer.slot.rawValue) answered")
    perform(processes[process].machine.answered(answer, at: now), of: process)
    if case .renew(_, isSuperseded: true) = answer {
      perform(processes[process].machine.superseded(at: now), of: process)
    }
  }

  /// The coordinator's answer; nil when it refuses the statement, which no node that waits
  /// deserves. One that comes when what it speaks of is long over may be refused.
  mutating func ask(
    _ call: Message.Call, by session: MemorySession, mayBeRefused: Bool = false
  ) async -> Message.Answer? {
    do throws(CoordinatorError) {
      switch call {
      case .acquire(let plan): return .acquire(try await session.acquire(plan))
      case .commit(let plan): return .commit(try await session.commit(plan))
      case .readBack(let leases): return .readBack(try await session.readBack(leases))
      case .release(let items): return .release(try await session.release(items))
      case .renew(let leases):
        let answer = try await session.renew(leases)
        return .renew(answer.leases, isSuperseded: answer.boot == .superseded)
      }
    } catch {
      trace.add("  \(call.slot.rawValue) refused")
      if !mayBeRefused { violate(.refused, "\(call.slot.rawValue): \(error)") }
      return nil
    }
  }
}

extension LeaseMachine {
  mutating func answered(_ answer: Message.Answer, at now: Instant) -> [MachineAction] {
    switch answer {
    case .acquire(let reply): acquireAnswered(reply, at: now)
    case .commit(let answer): commitAnswered(answer, at: now)
    case .readBack(let replies): readBackAnswered(replies, at: now)
    case .release(let replies): releaseAnswered(replies, at: now)
    case .renew(let replies, _): renewAnswered(replies, at: now)
    }
  }

  mutating func failed(
    _ slot: Message.Slot, _ failure: CallFailure, at now: Instant
  ) -> [MachineAction] {
    switch slot {
    case .acquire: acquireFailed(failure, at: now)
    case .commit: commitFailed(failure, at: now)
    case .readBack: readBackFailed(failure, at: now)
    case .release: releaseFailed(failure, at: now)
    case .renew: renewFailed(failure, at: now)
    }
  }
}
