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
        pause =
          state == .up
          ? max(1, settings.machine.timeToLiveMilliseconds / 3) : settings.probeMilliseconds
      }
      guard await rest(pause) else { return }
    }
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
    }
  }

  private func register() async -> Bool {
    do throws(CoordinatorError) {
      switch try await coordinator.register() {
      case .registered:
        guard state != .superseded else { return false }
        logger.info("registered with the coordinator", metadata: ["node": "\(settings.node)"])
        state = .up
        metrics.coordinatorIsUp(true)
        applyToAll { $0.coordinatorCameBack(at: $1) }
        return true
      case .superseded, .unknownBoot: wasSuperseded()
      }
    } catch {
      logger.warning(
        "registration failed",
        metadata: ["code": "\(error.code.rawValue)", "detail": "\(error.detail)"])
      if case .starting = state { state = .starting(error.detail) }
    }
    return false
  }

  private func renew() async {
    let items = beginRenewals()
    do throws(CoordinatorError) {
      let answer = try await coordinator.renew(items.values.flatMap { $0 })
      for (stream, leases) in items {
        let own = answer.leases.filter { reply in leases.contains { $0.id == reply.lease } }
        apply(to: stream) { $0.renewAnswered(own, at: $1) }
      }
      switch answer.boot {
      case .registered:
        if state != .up && state != .superseded {
          logger.info("the coordinator is back")
          state = .up
          metrics.coordinatorIsUp(true)
          applyToAll { $0.coordinatorCameBack(at: $1) }
        }
      case .superseded: wasSuperseded()
      case .unknownBoot:
        // It forgot that this process registered: it lost commits that it had acknowledged, and
        // would grant numbers again that this process issued. Registering once more would hide it.
        logger.error(
          "the coordinator lost what it acknowledged: it does not know this boot any more")
        metrics.incident()
        wasSuperseded()
      }
    } catch {
      let failure = failed(error, call: "renew")
      for stream in items.keys { apply(to: stream) { $0.renewFailed(failure, at: $1) } }
    }
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
