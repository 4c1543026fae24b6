import LeaseCore
import Logging

extension Allocator {
  /// Registers the process, then renews its leases and tells that it lives, at a third of the time
  /// to live; more often while the coordinator is away.
  func keepAlive() async {
    while !Task.isCancelled {
      let pause: Int
      switch state {
      case .superseded: return
      case .starting: pause = await register() ? 0 : settings.probeMilliseconds
      case .up, .away:
        await renew()
        pause = pauseBetweenRenewals
      }
      guard await rest(pause) else { return }
    }
  }

  /// While grants are closed the nodes wait for one another: whoever is asked to report again does
  /// so soon.
  private var pauseBetweenRenewals: Int {
    state == .up && history.grantsAreOpen
      ? max(1, settings.machine.timeToLiveMilliseconds / 3) : settings.probeMilliseconds
  }

  /// Sleeps between two renewals; less when another call finds the coordinator away meanwhile,
  /// which is probed more often. False when cancelled.
  private func rest(_ milliseconds: Int) async -> Bool {
    let wasUp = state == .up
    var left = milliseconds
    repeat {
      let slice = min(left, settings.probeMilliseconds)
      guard (try? await clock.sleep(slice)) != nil else { return false }
      left -= slice
    } while left > 0 && (!wasUp || state == .up)
    return true
  }

  /// Gives back what expired, of any node, once in a time to live.
  func keepReaping() async {
    while (try? await clock.sleep(settings.machine.timeToLiveMilliseconds)) != nil {
      guard state == .up else { continue }
      do throws(CoordinatorError) {
        let count = try await coordinator.reapExpired()
        if count > 0 {
          logger.info("expired leases were closed", metadata: ["count": "\(count)"])
        }
      } catch {
        _ = failed(error, call: "reap")
      }
      await sweepKeys()
    }
  }

  /// Registers, and says what the node holds before anything is asked for.
  private func register() async -> Bool {
    guard await recall() else { return false }
    let before = history.remembered
    do throws(CoordinatorError) {
      let answer = try await coordinator.register()
      guard state != .superseded else { return false }
      guard answer.boot == .registered else {
        wasSuperseded()
        return false
      }
      compare(answer.facts, with: before)
      guard await catchUp(with: answer.facts) else {
        waits(for: "the coordinator has not taken the report of what this node holds yet")
        return false
      }
      guard case .starting = state else { return false }
      logger.info("registered with the coordinator", metadata: ["node": "\(settings.node)"])
      isThere()
      return true
    } catch {
      logger.warning(
        "registration failed",
        metadata: ["code": "\(error.code.rawValue)", "detail": "\(error.detail)"])
      waits(for: error.detail)
    }
    return false
  }

  func renew() async {
    let items = beginRenewals()
    let before = history.remembered
    let epoch = epoch
    do throws(CoordinatorError) {
      let answer = try await coordinator.renew(items.values.flatMap { $0 })
      guard epoch == self.epoch else { return }
      for (stream, leases) in items {
        let own = answer.leases.filter { reply in leases.contains { $0.id == reply.lease } }
        apply(to: stream) { $0.renewAnswered(own, at: $1) }
      }
      switch answer.boot {
      case .registered: await wasRenewed(answer, before: before)
      case .superseded: wasSuperseded()
      case .unknownBoot: if state != .superseded { wasForgotten() }
      }
    } catch {
      let failure = failed(error, call: "renew")
      for stream in items.keys {
        if epoch == self.epoch { apply(to: stream) { $0.renewFailed(failure, at: $1) } }
      }
    }
  }

  private func wasRenewed(_ answer: RenewAnswer, before: CoordinatorFacts?) async {
    compare(answer.facts, with: before)
    if case .away = state {
      logger.info("the coordinator is back")
      isThere()
    }
    if answer.drainRequested, !isDraining {
      logger.notice("an operator told this node to give everything back")
      beginDraining()
    }
    _ = await catchUp(with: answer.facts)
  }

  private func isThere() {
    state = .up
    metrics.coordinatorIsUp(true)
    applyToAll { $0.coordinatorCameBack(at: $1) }
  }

  func coordinatorIsAway(_ detail: String) {
    guard state == .up else { return }
    state = .away(detail)
    metrics.coordinatorIsUp(false)
    applyToAll { $0.coordinatorWentAway(at: $1) }
  }

  /// Ends issuing for good. Idempotent.
  func wasSuperseded() {
    guard state != .superseded else { return }
    logger.error(
      "this process speaks for its node no longer and issues no more",
      metadata: ["node": "\(settings.node)"])
    state = .superseded
    applyToAll { $0.superseded(at: $1) }
  }
}
