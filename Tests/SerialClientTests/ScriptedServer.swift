import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// A node that does to each request what its script says next, on a free port of loopback.
final class ScriptedServer: Sendable {
  enum Step: Sendable {
    /// Answers with JSON.
    case answer(Int, String, headers: [(String, String)] = [])
    /// Writes these bytes, whatever they are, and ends the connection.
    case raw(String)
    /// Ends the connection without a word.
    case cut
    /// Writes these bytes and then nothing more; the connection stays.
    case hang(String = "")
  }

  struct Request: Sendable {
    let method: String
    let uri: String
    let headers: HTTPHeaders
    let body: String

    var key: String? { header("Idempotency-Key") }

    func header(_ name: String) -> String? { headers.first(name: name) }
  }

  private struct State {
    var steps: [Step]
    var requests: [Request] = []
  }

  private let state: Mutex<State>
  private let noted: AsyncStream<Void>.Continuation?

  private init(_ steps: [Step], noted: AsyncStream<Void>.Continuation?) {
    state = Mutex(State(steps: steps))
    self.noted = noted
  }

  /// Runs a body with a server, and with its address, that is gone after it. `noting` hears of each
  /// answer that was written.
  static func run<Value>(
    _ steps: [Step], tls: NIOSSLContext? = nil, noting: AsyncStream<Void>.Continuation? = nil,
    _ body: (ScriptedServer, String) async throws -> Value
  ) async throws -> Value {
    let server = ScriptedServer(steps, noted: noting)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 64)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture {
          let pipeline = child.pipeline.syncOperations
          if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
          try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
          try pipeline.addHandler(ScriptHandler(server: server))
        }
      }.bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(channel.localAddress?.port)
    let scheme = tls == nil ? "http" : "https"
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(server, "\(scheme)://127.0.0.1:\(port)"))
    } catch { result = .failure(error) }
    try await channel.close()
    return try result.get()
  }

  /// The address of a port that nobody listens on.
  static func nobody() async throws -> String { try await run([]) { _, url in url } }

  var requests: [Request] { state.withLock { $0.requests } }

  fileprivate func next(_ request: Request) -> Step {
    state.withLock { state in
      state.requests.append(request)
      guard !state.steps.isEmpty else {
        return .answer(500, ScriptedServer.problem(500, "internal-error", "the script is over"))
      }
      return state.steps.removeFirst()
    }
  }

  fileprivate func note() { noted?.yield() }

  static func problem(_ status: Int, _ code: String, _ detail: String = "because") -> String {
    """
    {"type":"urn:seriald:problem:\(code)","title":"A title","status":\(status),\
    "detail":"\(detail)","code":"\(code)"}
    """
  }
}

extension ScriptedServer.Step {
  static func problem(_ status: Int, _ code: String, retryAfter: Int? = nil) -> Self {
    .answer(
      status, ScriptedServer.problem(status, code),
      headers: retryAfter.map { [("Retry-After", String($0))] } ?? [])
  }
}

private final class ScriptHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let server: ScriptedServer
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  init(server: ScriptedServer) { self.server = server }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(var part): body.writeBuffer(&part)
    case .end:
      guard let head else { return }
      let request = ScriptedServer.Request(
        method: head.method.rawValue, uri: head.uri, headers: head.headers,
        body: String(buffer: body))
      act(server.next(request), context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func act(_ step: ScriptedServer.Step, _ context: ChannelHandlerContext) {
    switch step {
    case .answer(let status, let text, let headers):
      var lines = ["HTTP/1.1 \(status) Scripted", "Content-Length: \(text.utf8.count)"]
      lines.append("Content-Type: application/json")
      lines += headers.map { "\($0.0): \($0.1)" }
      write(lines.joined(separator: "\r\n") + "\r\n\r\n" + text, context)
    case .raw(let text):
      write(text, context)
      context.close(promise: nil)
    case .cut: context.close(promise: nil)
    case .hang(let text): write(text, context)
    }
  }

  private func write(_ text: String, _ context: ChannelHandlerContext) {
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.whenComplete { [server] _ in server.note() }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: written)
  }
}
