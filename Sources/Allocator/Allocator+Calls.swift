import LeaseCore
import Logging

extension Allocator {
  /// Runs one command. A child task of `run()`.
  func execute(_ command: Command) async {
    switch command {
    case .cancel(let stream, let id, let ticket): cancel(id, on: stream, ticket: ticket)
    case .resolveKeys: await resolveKeys()
    case .renew:
      isHinted = false
      // Before it is registered, registering is what tells.
      switch state {
      case .up, .away: await renew()
      case .starting, .superseded: break
      }
    case .call(let stream, let action, let epoch):
      // A machine whose leases were forgotten waits for none of its earlier calls, and would take
      // the answer of one for that of a later one.
      if epoch == self.epoch { await call(action, on: stream) }
    }
  }

  /// Runs one call of the coordinator and gives its outcome to the machine.
  private func call(_ action: MachineAction, on stream: IssueStream) async {
    switch action {
    case .hint: await hint()
    case .acquire(let plan): await acquire(plan, on: stream)
    case .commit(let plan): await commit(plan, on: stream)
    case .readBack(let leases): await readBack(leases, on: stream)
    case .release(let items): await release(items, on: stream)
    case .deliver, .fail, .note: break
    }
  }

  private func acquire(_ plan: AcquirePlan, on stream: IssueStream) async {
    guard mayAcquire else {
      // The coordinator has to hear first what this node holds.
      apply(to: stream) { $0.acquireFailed(.notDone, at: $1) }
      return
    }
    let epoch = epoch
    do throws(CoordinatorError) {
      let reply = try await coordinator.acquire(plan)
      guard await remember(reply) else {
        // Nothing may be issued from what the journal does not know. The coordinator answers the
        // same when it is asked again.
        apply(to: stream, since: epoch) { $0.acquireFailed(.unknown, at: $1) }
        return
      }
      if reply.outcome == .superseded {
        // Or the coordinator forgot this process, which is another matter: the renewal tells.
        apply(to: stream, since: epoch) { $0.acquireFailed(.notDone, at: $1) }
        commands.yield(.renew)
        return
      }
      let whole = withSiblings(reply, of: plan, on: stream)
      apply(to: stream, since: epoch) { $0.acquireAnswered(whole, at: $1) }
    } catch {
      let failure = failed(error, call: "acquire")
      apply(to: stream, since: epoch) { $0.acquireFailed(failure, at: $1) }
    }
  }

  /// Gives an answer to a machine, unless the coordinator forgot this process after it was asked.
  private func apply(
    to stream: IssueStream, since epoch: Int,
    _ event: (inout LeaseMachine, Instant) -> [MachineAction]
  ) {
    if epoch == self.epoch { apply(to: stream, event) }
  }

  /// Counts what other streams of this process hold of the same counter, which the coordinator does
  /// not count as held elsewhere, and asks them for it when the grant is too small.
  private func withSiblings(
    _ reply: AcquireReply, of plan: AcquirePlan, on stream: IssueStream
  ) -> AcquireReply {
    let siblings = machines.filter {
      $0.key != stream && $0.key.kind == stream.kind
        && $0.value.unissuedCount(of: reply.counter) > 0
    }
    guard !siblings.isEmpty else { return reply }
    let held = siblings.values.reduce(0) { $0 + $1.unissuedCount(of: reply.counter) }
    let granted = reply.grants.reduce(0) { $0 + $1.block.count }
    if granted < plan.needed, reply.free == 0 {
      for sibling in siblings.keys { apply(to: sibling) { $0.recalledAtHome(at: $1) } }
    }
    return AcquireReply(
      outcome: reply.outcome, counter: reply.counter, grants: reply.grants, free: reply.free,
      leasedElsewhere: reply.leasedElsewhere + held, reserved: reply.reserved)
  }

  private func hint() async {
    do throws(CoordinatorError) {
      try await coordinator.hint()
    } catch {
      _ = failed(error, call: "hint")
    }
  }

  private func commit(_ plan: CommitPlan, on stream: IssueStream) async {
    let sentAt = ContinuousClock.now
    let epoch = epoch
    let composed = history.composed
    do throws(CoordinatorError) {
      // The process may have stood still since the machine decided, or wait for a connection.
      let answer = try await coordinator.commit(plan) { [clock] in
        plan.sendBefore.map { clock.now() < $0 } ?? true
      }
      let isDone = answer.refused.isEmpty && answer.leases.allSatisfy { $0.outcome == .committed }
      metrics.committed(
        in: sentAt.duration(to: .now),
        numbers: isDone ? plan.lines.reduce(0) { $0 + $1.block.count } : nil)
      // What is of before the leases were forgotten was delivered to nobody.
      guard epoch == self.epoch else { return }
      if isDone, composed == history.composed {
        let raised = plan.raises.filter { $0.through > $0.expected }
        guard await write(raised.map { ($0.lease.id, $0.through) }) else { return }
      }
      // A report said nothing of it meanwhile: the coordinator of now has to be asked.
      guard composed == history.composed else {
        apply(to: stream, since: epoch) { $0.commitFailed(.unknown, at: $1) }
        return
      }
      apply(to: stream, since: epoch) { $0.commitAnswered(answer, at: $1) }
    } catch {
      let failure = failed(error, call: "commit")
      apply(to: stream, since: epoch) { $0.commitFailed(failure, at: $1) }
    }
  }

  private func readBack(_ leases: [LeaseReference], on stream: IssueStream) async {
    let epoch = epoch
    let composed = history.composed
    do throws(CoordinatorError) {
      let replies = try await coordinator.readBack(leases)
      guard epoch == self.epoch else { return }
      let known = replies.filter { $0.outcome == .live || $0.outcome == .closed }
      guard await write(known.map { ($0.lease, $0.committedThrough) }) else { return }
      guard composed == history.composed else {
        apply(to: stream, since: epoch) { $0.readBackFailed(.unknown, at: $1) }
        return
      }
      apply(to: stream, since: epoch) { $0.readBackAnswered(replies, at: $1) }
    } catch {
      let failure = failed(error, call: "read-back")
      apply(to: stream, since: epoch) { $0.readBackFailed(failure, at: $1) }
    }
  }

  private func release(_ items: [ReleaseItem], on stream: IssueStream) async {
    let epoch = epoch
    do throws(CoordinatorError) {
      let replies = try await coordinator.release(items)
      // Before the machine: what stays issued to nobody may be handed out by it.
      guard await settle(replies) else { return }
      apply(to: stream, since: epoch) { $0.releaseAnswered(replies, at: $1) }
    } catch {
      let failure = failed(error, call: "release")
      apply(to: stream, since: epoch) { $0.releaseFailed(failure, at: $1) }
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
