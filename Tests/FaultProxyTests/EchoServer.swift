import NIOCore
import NIOPosix

/// Sends back what it gets, and tells how each connection ended.
struct EchoServer: Sendable {
  /// One connection, seen by the server when it was over.
  struct Seen: Equatable, Sendable {
    let bytes: Int
    let wasReset: Bool
  }

  let port: UInt16
  /// One element for each connection that is over.
  let seen: AsyncStream<Seen>

  /// Runs a server for as long as `body` lasts.
  static func run<Value>(_ body: (EchoServer) async throws -> Value) async throws -> Value {
    let (seen, entry) = AsyncStream.makeStream(of: Seen.self)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(EchoHandler(seen: entry))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = UInt16(channel.localAddress?.port ?? 0)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(EchoServer(port: port, seen: seen)))
    } catch {
      result = .failure(error)
    }
    try await channel.close()
    return try result.get()
  }

  /// How the next connection that ends looked.
  func next() async -> Seen? {
    for await seen in seen { return seen }
    return nil
  }
}

private final class EchoHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let seen: AsyncStream<EchoServer.Seen>.Continuation
  private var bytes = 0
  private var wasReset = false

  init(seen: AsyncStream<EchoServer.Seen>.Continuation) { self.seen = seen }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes += unwrapInboundIn(data).readableBytes
    context.writeAndFlush(data, promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    wasReset = true
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    seen.yield(EchoServer.Seen(bytes: bytes, wasReset: wasReset))
  }
}
