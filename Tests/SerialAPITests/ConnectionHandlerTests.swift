import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing

@testable import SerialAPI

/// The handler alone, between parts and parts.
@Suite struct ConnectionHandlerTests {
  @Test func theApplicationSaysNothingAfterARefusal() throws {
    let presence = ClientPresence()
    let handler = ConnectionHandler(
      limits: APIConfiguration.Limits(), presence: presence, onRefusal: { _ in })
    let channel = EmbeddedChannel(handler: handler)
    let head = HTTPRequest(method: .post, scheme: nil, authority: nil, path: "/")
    try channel.writeInbound(HTTPRequestPart.head(head))
    channel.pipeline.fireErrorCaught(HTTPParserError.invalidChunkSize)
    #expect(presence.isGone)
    guard case .head(let answer) = try channel.readOutbound(as: HTTPResponsePart.self) else {
      Issue.record("no answer")
      return
    }
    #expect(answer.status == .badRequest)
    guard case .body = try channel.readOutbound(as: HTTPResponsePart.self),
      case .end = try channel.readOutbound(as: HTTPResponsePart.self)
    else {
      Issue.record("no whole answer")
      return
    }
    let late: [HTTPResponsePart] = [
      .head(HTTPResponse(status: .created)), .body(ByteBuffer(string: "{}")), .end(nil),
    ]
    for part in late {
      #expect(throws: (any Error).self) { try channel.writeOutbound(part) }
    }
    #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
    _ = try? channel.finish()
  }
}
