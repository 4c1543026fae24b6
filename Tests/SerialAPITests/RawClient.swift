import NIOCore
import NIOPosix
import NIOSSL

/// A client that sends bytes as they are and reads what comes.
struct RawClient {
  typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  /// Connects, hands the connection to `work`, and closes it after.
  static func connected<Value: Sendable>(
    to port: Int, tls: (context: NIOSSLContext, name: String)? = nil,
    _ work: (RawClient.Reader, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Value
  ) async throws -> Value {
    let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: tls.context, serverHostname: tls.name))
          }
          return try Connection(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await connection.executeThenClose { inbound, outbound in
      try await work(Reader(inbound: inbound), outbound)
    }
  }

  /// Sends everything at once and gives all that comes until the server closes.
  static func exchange(_ text: String, port: Int) async throws -> String {
    try await connected(to: port) { reader, writer in
      try await writer.write(ByteBuffer(string: text))
      return try await reader.untilEnd()
    }
  }

  /// What was received so far, and more of it.
  final class Reader {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private(set) var text = ""

    init(inbound: NIOAsyncChannelInboundStream<ByteBuffer>) {
      iterator = inbound.makeAsyncIterator()
    }

    /// Reads until `mark` has come, or to the end.
    func until(_ mark: String) async throws -> String {
      while !text.contains(mark), let buffer = try await iterator.next() {
        text += String(buffer: buffer)
      }
      return text
    }

    func untilEnd() async throws -> String {
      while let buffer = try await iterator.next() { text += String(buffer: buffer) }
      return text
    }
  }
}
