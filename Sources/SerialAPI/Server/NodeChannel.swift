import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// An HTTP/1.1 connection to this node: Hummingbird's own, with limits on size and time, a problem
/// document for what is not HTTP, and a sign of the client's presence.
struct NodeChannel: HTTPChannelHandler {
  struct Value: ServerChildChannelValue {
    let connection: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    let presence: ClientPresence

    var channel: any Channel { connection.channel }
  }

  let responder: HTTPChannelHandler.Responder
  let limits: APIConfiguration.Limits
  /// Hears of requests that were refused before any route saw them.
  let onRefusal: @Sendable (Problem) -> Void

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      var decoder = NIOHTTPDecoderLimitConfiguration()
      decoder.maxHeaderFieldSize = limits.headerBytes
      decoder.maxHeaderListSize = limits.headerBytes
      decoder.maxHeaderFieldCount = limits.headerCount
      let presence = ClientPresence()
      let handler = ConnectionHandler(
        limits: limits, presence: presence, onRefusal: onRefusal)
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(ByteWatch(handler))
      try pipeline.configureHTTPServerPipeline(
        withPipeliningAssistance: false, withErrorHandling: false,
        withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
        withDecoderLimitConfiguration: decoder)
      try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
      try pipeline.addHandler(handler)
      let connection = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
        wrappingChannelSynchronously: channel,
        configuration: .init(isOutboundHalfClosureEnabled: true))
      return Value(connection: connection, presence: presence)
    }
  }

  func handle(value: Value, logger: Logger) async {
    await ClientPresence.$current.withValue(value.presence) {
      await handleHTTP(asyncChannel: value.connection, logger: logger)
    }
  }
}

extension APIConfiguration.Limits {
  var machine: ConnectionMachine.Limits {
    ConnectionMachine.Limits(
      head: .milliseconds(Int64(headMilliseconds)), body: .milliseconds(Int64(bodyMilliseconds)),
      idle: .milliseconds(Int64(idleMilliseconds)), write: .milliseconds(Int64(writeMilliseconds)),
      linger: .milliseconds(Int64(lingerMilliseconds)),
      shutdown: .milliseconds(Int64(shutdownMilliseconds)), bodyBytes: bodyBytes,
      lingerBytes: lingerBytes)
  }
}
