import AsyncHTTPClient
public import ChaosHistory
public import Foundation
import NIOCore
public import NIOHTTP1
import NIOPosix

/// One client: asks a node, and writes each request down with what became of it.
public struct LoadClient: Sendable {
  /// Also the subject of its token.
  public let name: String
  let token: String
  let http: HTTPClient
  let writer: HistoryWriter
  /// How long it waits for an answer.
  let patience: TimeAmount

  /// A request of the interface, and how its answer is read.
  struct Call {
    var request: Request
    var path: String
    var body: Data
    var asked: Int
    var parent: String?
    /// The serials in a body 201.
    var serials: @Sendable (Data) throws -> [String]
  }

  /// An answer as it came.
  public struct Answer: Sendable {
    public let status: Int
    public let body: Data

    public struct Problem: Decodable, Sendable {
      public let code: String
      public let detail: String
      public let parent: String?
      public let capacity: Int?
    }

    /// The problem document; nil for another body.
    public var problem: Problem? { try? JSONDecoder().decode(Problem.self, from: body) }
  }

  /// Asks for serials of jobs or targets.
  public func draw(
    _ request: Request = .jobs, _ count: Int = 1, key: String? = nil, at node: NodeAddress
  ) async -> Outcome {
    struct Issued: Decodable { let serials: [String] }
    return await ask(
      Call(
        request: request, path: "/api/serials/\(request.rawValue)",
        body: Data(#"{"count": \#(count)}"#.utf8), asked: count,
        serials: { try JSONDecoder().decode(Issued.self, from: $0).serials }),
      key: key, at: node)
  }

  /// Asks and writes down.
  func ask(_ call: Call, key: String?, at node: NodeAddress) async -> Outcome {
    let start = writer.now
    let outcome: Outcome
    do {
      let answer = try await send(.POST, call.path, body: call.body, key: key, at: node)
      outcome = try read(answer, call)
    } catch {
      outcome = Self.classify(error)
    }
    writer.add(
      .operation(
        Operation(
          client: name, node: node.name, request: call.request, parent: call.parent,
          asked: call.asked, key: key, start: start, end: writer.now, outcome: outcome)))
    return outcome
  }

  private func read(_ answer: Answer, _ call: Call) throws -> Outcome {
    if answer.status == 201 { return .ok(try call.serials(answer.body)) }
    guard let code = answer.problem?.code else { return .unknown("status \(answer.status)") }
    // a defect says nothing of what it left done
    if code == "outcome-unknown" || answer.status == 500 { return .unknown(code) }
    return .failed(code)
  }

  /// What never reached the node is refused for certain; all else may have been done.
  static func classify(_ error: any Error) -> Outcome {
    switch error {
    case is NIOConnectionError: return .failed("unreachable")
    case let error as HTTPClientError where error == .connectTimeout:
      return .failed("unreachable")
    case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
      return .unknown("no answer in time")
    case is DecodingError: return .unknown("an answer that cannot be read")
    default: return .unknown("connection lost")
    }
  }

  /// Sends a request that is not written down.
  public func send(
    _ method: HTTPMethod, _ path: String, body: Data? = nil, key: String? = nil,
    at node: NodeAddress
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: node.url + path)
    request.method = method
    request.headers.add(name: "Authorization", value: "Bearer \(token)")
    if let key { request.headers.add(name: "Idempotency-Key", value: key) }
    if let body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body))
    }
    let response = try await http.execute(request, timeout: patience)
    let bytes = try await response.body.collect(upTo: 32 << 20)
    return Answer(status: Int(response.status.code), body: Data(bytes.readableBytesView))
  }
}

/// Where a node answers.
public struct NodeAddress: Sendable, Hashable {
  public let name: String
  public let url: String

  public init(name: String, url: String) {
    self.name = name
    self.url = url
  }
}
