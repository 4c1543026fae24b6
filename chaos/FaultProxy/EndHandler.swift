import NIOCore

/// Tells a link what one of its two sockets does.
final class EndHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let link: Link
  /// The direction that this socket is the sender of.
  private let direction: Direction
  private var failed = false

  init(link: Link, sends direction: Direction) {
    self.link = link
    self.direction = direction
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    link.received(unwrapInboundIn(data), direction)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { link.senderFinished(direction) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    link.adjustReading()
    context.fireChannelWritabilityChanged()
  }

  /// Whatever it was, the socket is of no use any more; `channelInactive` follows.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failed = true
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    link.senderIsGone(direction, failed: failed)
    context.fireChannelInactive()
  }
}
