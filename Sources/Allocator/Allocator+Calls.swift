import LeaseCore
import Logging

extension Allocator {
  /// Runs one call of the coordinator and gives its outcome to the machine.
  func execute(_ command: Command) async {
    switch command {
    case .cancel(let stream, let id, let ticket): cancel(id, on: stream, ticket: ticket)
    case .call(let stream, .acquire(let plan)): await acquire(plan, on: stream)
    case .call(let stream, .commit(let plan)): await commit(plan, on: stream)
    case .call(let stream, .readBack(let leases)): await readBack(leases, on: stream)
    case .call(let stream, .release(let items)): await release(items, on: stream)
    case .call(_, .deliver), .call(_, .fail), .call(_, .note): break
    }
  }

  private func acquire(_ plan: AcquirePlan, on stream: IssueStream) async {
    do throws(CoordinatorError) {
      let reply = try await coordinator.acquire(plan)
      apply(to: stream) { $0.acquireAnswered(reply, at: $1) }
    } catch {
      let failure = failed(error, call: "acquire")
      apply(to: stream) { $0.acquireFailed(failure, at: $1) }
    }
  }

  private func commit(_ plan: CommitPlan, on stream: IssueStream) async {
    let sentAt = ContinuousClock.now
    do throws(CoordinatorError) {
      let replies = try await coordinator.commit(plan)
      metrics.committed(
        in: sentAt.duration(to: .now),
        numbers: replies.allSatisfy { $0.outcome == .committed }
          ? plan.lines.reduce(0) { $0 + $1.block.count } : nil)
      apply(to: stream) { $0.commitAnswered(replies, at: $1) }
    } catch {
      let failure = failed(error, call: "commit")
      apply(to: stream) { $0.commitFailed(failure, at: $1) }
    }
  }

  private func readBack(_ leases: [LeaseReference], on stream: IssueStream) async {
    do throws(CoordinatorError) {
      let replies = try await coordinator.readBack(leases)
      apply(to: stream) { $0.readBackAnswered(replies, at: $1) }
    } catch {
      let failure = failed(error, call: "read-back")
      apply(to: stream) { $0.readBackFailed(failure, at: $1) }
    }
  }

  private func release(_ items: [ReleaseItem], on stream: IssueStream) async {
    do throws(CoordinatorError) {
      let replies = try await coordinator.release(items)
      apply(to: stream) { $0.releaseAnswered(replies, at: $1) }
    } catch {
      let failure = failed(error, call: "release")
      apply(to: stream) { $0.releaseFailed(failure, at: $1) }
    }
  }

  /// Says what failed, and what that means for the machine.
  func failed(_ error: CoordinatorError, call: String) -> CallFailure {
    logger.warning(
      "call of the coordinator failed",
      metadata: ["call": "\(call)", "code": "\(error.code.rawValue)", "detail": "\(error.detail)"])
    switch error.code {
    case .unavailable:
      coordinatorIsAway(error.detail)
      return .unavailable
    case .notDone: return .notDone
    case .rejected: return .rejected
    case .outcomeUnknown: return .unknown
    }
  }
}
