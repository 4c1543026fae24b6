import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Runs a `ConnectionMachine` on a channel: behind the HTTP codec, in front of the application.
///
/// It stays on its event loop, where both handlers of the connection live.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private var machine: ConnectionMachine
  private let limits: APIConfiguration.Limits
  private let presence: ClientPresence
  private let onRefusal: @Sendable (Problem) -> Void
  private var context: ChannelHandlerContext?
  private var timer: Scheduled<Void>?
  private var timerAt: NIODeadline?

  init(
    limits: APIConfiguration.Limits, presence: ClientPresence,
    onRefusal: @escaping @Sendable (Problem) -> Void
  ) {
    machine = ConnectionMachine(limits: limits.machine, now: .now())
    self.limits = limits
    self.presence = presence
    self.onRefusal = onRefusal
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    arm()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    self.context = nil
    presence.leave()
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    presence.leave()
    context.fireChannelInactive()
  }

  // MARK: What the client sends

  /// Bytes came from the network, before they were decoded.
  func bytesArrived(count: Int) { act(machine.bytesArrived(count: count, now: .now())) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let now = NIODeadline.now()
    let action: ConnectionMachine.Action
    switch unwrapInboundIn(data) {
    case .head(let head):
      let fields = head.headerFields
      action = machine.requestHead(
        expectsContinue: fields[.expect]?.lowercased() == "100-continue",
        length: fields[.contentLength].flatMap { Int($0) }, bodyBytes: longestBody(of: head),
        closes: fields.wantsClose, now: now)
    case .body(let bytes): action = machine.requestBody(bytes: bytes.readableBytes)
    case .end: action = machine.requestEnd(now: now)
    }
    switch action {
    case .pass:
      context.fireChannelRead(data)
      arm()
    case .passAndContinue:
      let head = HTTPResponse(status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
      context.fireChannelRead(data)
      arm()
    default: act(action)
    }
  }

  /// Of the route that a request is for; nil where that is the usual one.
  private func longestBody(of head: HTTPRequest) -> Int? {
    guard let length = head.headerFields[.contentLength].flatMap({ Int($0) }),
      length > limits.bodyBytes
    else { return nil }
    let path = String((head.path ?? "").prefix { $0 != "?" })
    let route = Route.matching(path).first { $0.method == head.method }
    return route.map { limits.bytes($0.shape.body) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow:
      act(machine.broken(.headersTooLarge, now: .now()))
    case is HTTPParserError, is HTTP1TypeConversionError:
      act(machine.broken(.malformed, now: .now()))
    default:
      // A broken connection; the application's reading ends with it.
      presence.leave()
      context.fireErrorCaught(error)
      context.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case let event as ChannelEvent where event == .inputClosed:
      let (isWaiting, action) = machine.inputClosed()
      if isWaiting { presence.leave() }
      context.fireUserInboundEventTriggered(event)
      act(action)
    case is ChannelShouldQuiesceEvent:
      presence.endAfterAnswer()
      act(machine.quiesce(now: .now()))
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: What the node answers

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head) where head.status.kind == .informational:
      context.write(data, promise: promise)
    case .head(var head):
      let action = machine.responseHead(closes: head.headerFields.wantsClose, now: .now())
      guard action == .pass else { return refuse(promise) }
      if machine.isLast { head.headerFields[.connection] = "close" }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
      arm()
    case .body:
      guard machine.mayAnswer else { return refuse(promise) }
      context.write(data, promise: promise)
    case .end:
      end(data, promise, context)
    }
  }

  private func end(
    _ data: NIOAny, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
  ) {
    let action = machine.responseEnd(now: .now())
    // Requests that were read ahead of the last answer are not served any more.
    if action != .pass { presence.leave() }
    switch action {
    case .pass: context.write(data, promise: promise)
    case .passAndClose:
      context.write(data, promise: closing(.all, after: promise, context))
    case .passAndLinger:
      context.write(data, promise: closing(.output, after: promise, context))
    case .passAndRefuse(let refusal):
      context.write(data, promise: promise)
      answer(refusal, context)
    default: refuse(promise)
    }
    arm()
  }

  private func refuse(_ promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.outputClosed)
  }

  // MARK: Actions

  private func act(_ action: ConnectionMachine.Action) {
    guard let context else { return }
    switch action {
    case .close:
      presence.leave()
      context.close(promise: nil)
    case .refuse(let refusal):
      presence.leave()
      answer(refusal, context)
    case .nothing, .drop, .pass, .passAndContinue, .passAndClose, .passAndLinger, .passAndRefuse:
      break
    }
    arm()
  }

  /// Answers a request that no route has seen.
  private func answer(_ refusal: ConnectionMachine.Refusal, _ context: ChannelHandlerContext) {
    let problem: Problem
    switch refusal {
    case .malformed: problem = .malformedHTTP
    case .headersTooLarge: problem = .headersTooLarge
    case .tooSlow: problem = .slowRequest
    }
    onRefusal(problem)
    let document = problem.document
    var head = HTTPResponse(status: problem.status, headerFields: problem.headers)
    head.headerFields[.contentType] = Problem.contentType
    head.headerFields[.contentLength] = "\(document.readableBytes)"
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(document)), promise: nil)
    context.writeAndFlush(
      wrapOutboundOut(.end(nil)), promise: closing(.output, after: nil, context))
  }

  /// A promise that closes the channel when it is kept, and keeps `promise` with it.
  private func closing(
    _ mode: CloseMode, after promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext
  ) -> EventLoopPromise<Void> {
    let written = context.eventLoop.makePromise(of: Void.self)
    if let promise { written.futureResult.cascade(to: promise) }
    written.futureResult.assumeIsolated().whenComplete { _ in
      context.close(mode: mode, promise: nil)
    }
    return written
  }

  /// Sets the timer. One that rings too early finds nothing to do and sets itself again: most
  /// requests move the deadline on and need no timer of their own.
  private func arm() {
    guard let context, let deadline = machine.deadline else { return }
    if let timerAt, timerAt <= deadline { return }
    timer?.cancel()
    timerAt = deadline
    timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
      self.timerAt = nil
      self.act(self.machine.expire(now: .now()))
    }
  }
}

/// Tells the connection's handler that bytes came, before they make a whole head.
final class ByteWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let handler: ConnectionHandler

  init(_ handler: ConnectionHandler) { self.handler = handler }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    handler.bytesArrived(count: unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }
}

extension HTTPFields {
  /// Whether the connection is to end with this message (RFC 9112 section 9.6).
  fileprivate var wantsClose: Bool {
    self[values: .connection].contains { value in
      value.split(separator: ",").contains {
        $0.drop { $0 == " " }.lowercased().hasPrefix("close")
      }
    }
  }
}
