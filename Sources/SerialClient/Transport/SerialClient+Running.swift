package import Foundation
import Logging
import Synchronization

extension SerialClient {
  /// Runs a call until it is answered or given up, and decodes the answer.
  func run<Value: Decodable & Sendable>(
    _ call: ClientCall, _ options: CallOptions, as type: Value.Type = Value.self
  ) async throws(SerialClientError) -> Value {
    try await run(call, options) { try ClientJSON.decode(type, from: $0) }
  }

  /// Runs a call and gives the answer as it came, which is JSON.
  package func data(_ call: ClientCall, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> Data
  {
    try await run(call, options) { data in
      _ = try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed])
      return data
    }
  }

  private func run<Value: Sendable>(
    _ call: ClientCall, _ options: CallOptions, decode: @Sendable (Data) throws -> Value
  ) async throws(SerialClientError) -> Value {
    let key = try call.effect == .create ? idempotencyKey(options) : nil
    let start = surroundings.now()
    let order = health.withLock { $0.order(now: start) }
    var machine = CallMachine(
      effect: call.machineEffect, order: order, policy: configuration.retry,
      deadline: start + (options.deadline ?? configuration.deadline))
    var log = CallLog(key: key)
    var value: Value?
    var action = machine.next(now: start)
    while true {
      switch action {
      case .finish:
        guard let value else { throw log.error(.unreadable, mayBeDone: machine.mayBeDone) }
        return value
      case .fail(let failure): throw log.error(failure, mayBeDone: machine.mayBeDone)
      case .wait(let until):
        do { try await surroundings.pause(until) } catch {
          throw log.cancellation(mayBeDone: machine.mayBeDone)
        }
        action = machine.next(now: surroundings.now())
      case .send(let node, let until):
        if Task.isCancelled { throw log.cancellation(mayBeDone: machine.mayBeDone) }
        let token = try await currentToken(log, mayBeDone: machine.mayBeDone)
        var exchange = await attempt(call, node: node, until: until, token: token, key: key)
        if exchange.outcome == .answered {
          do { value = try decode(exchange.data) } catch {
            exchange = HTTPTransport.Exchange(
              outcome: .unreadable, account: "\(exchange.account), but not readably: \(error)")
          }
        }
        note(exchange, of: node)
        log.add(exchange)
        action = machine.ended(
          exchange.outcome, now: surroundings.now(), random: surroundings.random())
      }
    }
  }

  /// One attempt, which ends at `until` whatever the node does.
  private func attempt(
    _ call: ClientCall, node: Int, until: Duration, token: String?, key: String?
  ) async -> HTTPTransport.Exchange {
    let url = configuration.nodes[node]
    return await withTaskGroup(of: HTTPTransport.Exchange?.self) { group in
      group.addTask { await self.transport.send(call, to: node, token: token, key: key) }
      group.addTask {
        do { try await self.surroundings.timer(until) } catch { return nil }
        return HTTPTransport.Exchange(outcome: .lost, account: "\(url) did not answer in time")
      }
      let late = HTTPTransport.Exchange(outcome: .lost, account: "\(url): the call was cancelled")
      let first = await group.next() ?? nil
      // The timer ends without a word only when the whole call was cancelled.
      let exchange = if let first { first } else { await group.next() ?? nil }
      group.cancelAll()
      return exchange ?? late
    }
  }

  private func note(_ exchange: HTTPTransport.Exchange, of node: Int) {
    let now = surroundings.now()
    let hasFailed = CallMachine.isFailureOfNode(exchange.outcome)
    health.withLock { health in
      if hasFailed {
        health.failed(node, now: now, avoidance: configuration.retry.avoidance)
      } else {
        health.served(node)
      }
    }
    if exchange.outcome != .answered {
      logger.debug("attempt failed", metadata: ["account": "\(exchange.account)"])
    }
  }

  private func currentToken(_ log: CallLog, mayBeDone: Bool) async throws(SerialClientError)
    -> String?
  {
    guard let token else { return nil }
    do { return try await token() } catch {
      throw log.noToken(error, mayBeDone: mayBeDone)
    }
  }

  private func idempotencyKey(_ options: CallOptions) throws(SerialClientError) -> String {
    guard let key = options.idempotencyKey else { return surroundings.newKey() }
    let isGood =
      (1...200).contains(key.utf8.count)
      && !key.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard isGood else {
      throw SerialClientError(
        .invalidRequest,
        "the idempotency key has \(key.utf8.count) bytes: expected 1...200 without control characters"
      )
    }
    return key
  }
}
