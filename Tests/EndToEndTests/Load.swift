import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// What a client saw of one request.
enum Outcome: Sendable, Equatable {
  case issued([String])
  /// A problem document: status and code.
  case refused(Int, String)
  /// No answer: the connection ended, or nothing came in time.
  case lost
}

struct Client: Sendable {
  let url: String
  let token: String?

  func draw(_ count: Int = 1, kind: String = "jobs") async -> Outcome {
    do {
      let answer = try await send(
        .POST, "/api/serials/\(kind)", body: Data(#"{"count": \#(count)}"#.utf8))
      if answer.status == 201 {
        struct Issued: Decodable { let serials: [String] }
        return .issued(try JSONDecoder().decode(Issued.self, from: answer.body).serials)
      }
      return .refused(answer.status, try answer.problem().code)
    } catch {
      return .lost
    }
  }

  struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: Data

    struct Problem: Decodable {
      let code: String
      let detail: String
      let status: Int
    }

    func problem() throws -> Problem { try JSONDecoder().decode(Problem.self, from: body) }

    func json() throws -> [String: Any] {
      try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
    }
  }

  func send(
    _ method: HTTPMethod, _ path: String, body: Data? = nil, headers: [String: String] = [:]
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: url + path)
    request.method = method
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body {
      if headers["Content-Type"] == nil {
        request.headers.add(name: "Content-Type", value: "application/json")
      }
      request.body = .bytes(ByteBuffer(bytes: body))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = try await response.body.collect(upTo: 8 << 20)
    return Answer(
      status: Int(response.status.code), headers: response.headers,
      body: Data(bytes.readableBytesView))
  }
}

/// What all clients saw together.
final class History: Sendable {
  struct Record: Sendable {
    var serials: [String] = []
    /// Numbers asked for by requests that got no answer, or `outcome-unknown`.
    var unknownNumbers = 0
    var refusals: [String: Int] = [:]
    var slowestRefusal = Duration.zero
  }

  private let record = Mutex(Record())

  func add(_ outcome: Outcome, asked: Int, took: Duration) {
    record.withLock { record in
      switch outcome {
      case .issued(let serials): record.serials += serials
      case .lost: record.unknownNumbers += asked
      case .refused(_, let code):
        if code == "outcome-unknown" { record.unknownNumbers += asked }
        record.refusals[code, default: 0] += 1
        record.slowestRefusal = max(record.slowestRefusal, took)
      }
    }
  }

  var current: Record { record.withLock { $0 } }

  var count: Int { record.withLock { $0.serials.count } }
}

/// Clients that draw one serial after the other until they are told to stop.
enum Load {
  /// Runs `clients` clients while a body works, then waits for their last answers.
  static func run(
    on cluster: TestCluster, clients: Int, counts: ClosedRange<Int> = 1...1,
    _ body: (History) async throws -> Void
  ) async throws -> History {
    let history = History()
    let stop = StopFlag()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<clients {
        let name = TestCluster.names[index % TestCluster.names.count]
        let client = Client(url: cluster.url(name), token: cluster.token)
        group.addTask {
          var turn = index
          while !stop.isSet {
            turn += 1
            let count = counts.lowerBound + turn % counts.count
            let start = ContinuousClock.now
            let outcome = await client.draw(count)
            history.add(outcome, asked: count, took: start.duration(to: .now))
            // who was refused asks again a little later, as Retry-After says, but sooner
            if case .issued = outcome { continue }
            try await Task.sleep(for: .milliseconds(20))
          }
        }
      }
      do {
        try await body(history)
      } catch {
        stop.set()
        throw error
      }
      stop.set()
      try await group.waitForAll()
    }
    return history
  }
}

final class StopFlag: Sendable {
  private let flag = Atomic<Bool>(false)

  var isSet: Bool { flag.load(ordering: .relaxed) }

  func set() { flag.store(true, ordering: .relaxed) }
}

/// Waits for an event, looking often; throws when it does not come.
func eventually(
  _ what: String, within limit: Duration = .seconds(60), _ holds: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  while try await !holds() {
    guard ContinuousClock.now < end else { throw NeverHappened(what: what) }
    try await Task.sleep(for: .milliseconds(25))
  }
}

struct NeverHappened: Error, CustomStringConvertible {
  let what: String

  var description: String { "never happened: \(what)" }
}
