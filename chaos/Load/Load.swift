import AsyncHTTPClient
public import ChaosHistory
import FoundationEssentials
import NIOCore
import SeededRandom
import SerialAuth
import Synchronization

/// Clients that ask for numbers while faults happen.
public final class Load: Sendable {
  public let writer: HistoryWriter
  public let nodes: [NodeAddress]
  private let secret: String
  private let http: HTTPClient
  private let acknowledged = Mutex<[String: Int]>([:])
  private let isStopped = Atomic<Bool>(false)
  /// Clients that were told that nothing is left.
  private let finished = Atomic<Int>(0)

  /// - Parameter secret: of the nodes' tokens.
  public static func run<Value>(
    nodes: [NodeAddress], secret: String, writer: HistoryWriter,
    _ body: (Load) async throws -> Value
  ) async throws -> Value {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(2)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 128
    let http = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: configuration)
    let load = Load(nodes: nodes, secret: secret, http: http, writer: writer)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(load))
    } catch {
      result = .failure(error)
    }
    try await http.shutdown()
    return try result.get()
  }

  private init(nodes: [NodeAddress], secret: String, http: HTTPClient, writer: HistoryWriter) {
    self.nodes = nodes
    self.secret = secret
    self.http = http
    self.writer = writer
  }

  /// A client with all scopes, whose token is good from a month ago for a year: clocks are moved in
  /// some runs, forwards and back.
  ///
  /// - Parameter patienceSeconds: how long it waits for an answer.
  public func client(_ name: String, patienceSeconds: Int64 = 8) async throws -> LoadClient {
    let token = try await TokenMinter(secret: TokenSecret(secret)).mint(
      subject: name, scopes: Set(Scope.allCases), audience: "seriald",
      lifetimeSeconds: TokenMinter.lifetimeRange.upperBound,
      now: Date().addingTimeInterval(-30 * 86_400))
    return LoadClient(
      name: name, token: token, http: http, writer: writer, patience: .seconds(patienceSeconds))
  }

  /// How many requests a node acknowledged until now; of all nodes without a name.
  public func count(_ node: String? = nil) -> Int {
    acknowledged.withLock { all in
      node.map { all[$0] ?? 0 } ?? all.values.reduce(0, +)
    }
  }

  /// How many clients were told that nothing is left, and ask no more.
  public var finishedClients: Int { finished.load(ordering: .relaxed) }

  /// Runs clients while a body works, then waits for their last answers.
  public func run<Value>(_ options: LoadOptions, _ body: () async throws -> Value) async throws
    -> Value
  {
    isStopped.store(false, ordering: .relaxed)
    finished.store(0, ordering: .relaxed)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<options.clients {
        let client = try await client("client-\(index)")
        group.addTask { try await self.work(client, index: index, options: options) }
      }
      let result: Result<Value, any Error>
      do {
        result = .success(try await body())
      } catch {
        result = .failure(error)
      }
      isStopped.store(true, ordering: .relaxed)
      try await group.waitForAll()
      return try result.get()
    }
  }

  private func work(_ client: LoadClient, index: Int, options: LoadOptions) async throws {
    var random = SeededGenerator(seed: options.seed &+ UInt64(index) &* 0x9E37_79B9)
    let home = nodes[index % nodes.count]
    var turn = 0
    var isLast = false
    while !isStopped.load(ordering: .relaxed) {
      turn += 1
      let count = isLast ? 1 : Int.random(in: options.counts, using: &random)
      let isTarget = isOne(in: options.targetsOneIn, &random)
      let hasKey = isOne(in: options.keysOneIn, &random)
      let key = hasKey ? "\(client.name)-\(turn)" : nil
      let outcome = await client.draw(isTarget ? .targets : .jobs, count, key: key, at: home)
      switch outcome {
      case .ok: note(home)
      case .failed("capacity-exhausted") where options.endsWhenExhausted:
        if isLast {
          finished.add(1, ordering: .relaxed)
          return
        }
        isLast = true
      // who was refused asks again a little later, as Retry-After says, but sooner
      case .failed: try await Task.sleep(for: .milliseconds(40))
      case .unknown:
        if let key {
          await settle(client, isTarget ? .targets : .jobs, count, key: key, from: index, &random)
        }
      }
      let pause = options.pauseMilliseconds
      if pause > 0 {
        try await Task.sleep(
          for: .milliseconds(Int.random(in: pause / 2...pause * 3 / 2, using: &random)))
      }
    }
  }

  /// Asks with the same key, one node after the other, until the outcome is certain or the run is over.
  private func settle(
    _ client: LoadClient, _ request: Request, _ count: Int, key: String, from index: Int,
    _ random: inout SeededGenerator
  ) async {
    for attempt in 1...40 where !isStopped.load(ordering: .relaxed) {
      let node = nodes[(index + attempt) % nodes.count]
      if case .ok = await client.draw(request, count, key: key, at: node) { return note(node) }
      let pause = Int.random(in: 50...200, using: &random)
      do {
        try await Task.sleep(for: .milliseconds(pause))
      } catch {
        return
      }
    }
  }

  private func isOne(in share: Int, _ random: inout SeededGenerator) -> Bool {
    share > 0 && Int.random(in: 1...share, using: &random) == 1
  }

  private func note(_ node: NodeAddress) {
    acknowledged.withLock { $0[node.name, default: 0] += 1 }
  }
}
