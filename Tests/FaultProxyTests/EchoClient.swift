import NIOCore
import NIOPosix

/// A client of the echo server.
struct EchoClient {
  /// How a connection ended, seen by the client.
  enum End: Equatable { case finished, reset }

  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

  /// Connects, and closes when `body` is over.
  static func run<Value: Sendable>(
    _ port: UInt16, _ body: @Sendable (inout EchoClient) async throws -> Value
  ) async throws -> Value {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: Int(port)) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      var client = EchoClient(inbound: inbound.makeAsyncIterator(), outbound: outbound)
      return try await body(&client)
    }
  }

  func send(_ bytes: [UInt8]) async throws { try await sender.send(bytes) }

  /// Sends while the client receives.
  var sender: Sender { Sender(outbound: outbound) }

  struct Sender: Sendable {
    fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    func send(_ bytes: [UInt8]) async throws {
      try await outbound.write(ByteBuffer(bytes: bytes))
    }
  }

  func finish() { outbound.finish() }

  /// Receives at least so many bytes, or all there are before the end.
  mutating func receive(_ count: Int) async throws -> [UInt8] {
    var received: [UInt8] = []
    while received.count < count, let buffer = try await inbound.next() {
      received += buffer.readableBytesView
    }
    return received
  }

  /// Receives until the end.
  mutating func receiveAll() async -> (bytes: [UInt8], end: End) {
    var received: [UInt8] = []
    do {
      while let buffer = try await inbound.next() { received += buffer.readableBytesView }
      return (received, .finished)
    } catch {
      return (received, .reset)
    }
  }
}
