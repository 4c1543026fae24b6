import LeaseCore
import Logging

/// Idempotency keys are looked up in groups: what arrives while a look-up is under way waits for
/// the next one.
extension Allocator {
  struct KeyWaiter {
    let owner: KeyOwner
    let continuation: CheckedContinuation<Result<KeyAnswer, AllocationError>, Never>
  }

  /// Keys in one look-up.
  private static let keysPerCall = 256

  func resolve(_ owner: KeyOwner) async throws(AllocationError) -> KeyAnswer {
    // Nobody would answer, or not before the coordinator is back.
    if hasEnded { throw Self.error(for: .draining, node: settings.node) }
    if case .away = state {
      throw Self.error(for: .coordinatorUnavailable, node: settings.node)
    }
    let result = await withCheckedContinuation { continuation in
      keyWaiters.append(KeyWaiter(owner: owner, continuation: continuation))
      if !isResolvingKeys {
        isResolvingKeys = true
        commands.yield(.resolveKeys)
      }
    }
    return try result.get()
  }

  /// One look-up. A child task of `run()`.
  func resolveKeys() async {
    let group = Array(keyWaiters.prefix(Self.keysPerCall))
    keyWaiters.removeFirst(group.count)
    do throws(CoordinatorError) {
      let answers = try await coordinator.resolve(group.map(\.owner))
      guard answers.count == group.count else {
        throw CoordinatorError(
          .outcomeUnknown, detail: "\(answers.count) answers for \(group.count) keys")
      }
      for (waiter, answer) in zip(group, answers) {
        waiter.continuation.resume(returning: .success(answer))
      }
    } catch {
      _ = failed(error, call: "resolve keys")
      // Nothing was issued, whatever became of the call.
      let refusal = AllocationError(
        .coordinatorUnavailable, detail: "The idempotency key could not be looked up.",
        retryAfterSeconds: 1)
      // And of those who came meanwhile: the next look-up would fail as late.
      let all = group + keyWaiters
      keyWaiters = []
      for waiter in all { waiter.continuation.resume(returning: .failure(refusal)) }
    }
    if hasEnded {
      endKeyWaiters()
    } else if keyWaiters.isEmpty {
      isResolvingKeys = false
    } else {
      commands.yield(.resolveKeys)
    }
  }

  /// Nobody looks keys up any more.
  func endKeyWaiters() {
    let refusal = Self.error(for: .draining, node: settings.node)
    for waiter in keyWaiters { waiter.continuation.resume(returning: .failure(refusal)) }
    keyWaiters = []
  }

  /// Removes keys whose time is over, in small steps until there are none.
  func sweepKeys() async {
    do throws(CoordinatorError) {
      while try await coordinator.sweepKeys() >= Self.keysPerSweep, !Task.isCancelled {}
    } catch {
      _ = failed(error, call: "sweep keys")
    }
  }

  /// What one step of the sweep removes at most.
  private static let keysPerSweep = 1_000
}
