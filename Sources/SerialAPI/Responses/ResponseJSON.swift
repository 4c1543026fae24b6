import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// How answers are written: snake case, sorted keys, times as ISO 8601 in UTC.
enum ResponseJSON {
  private static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()

  static func encode(_ value: some Encodable) throws -> Data { try encoder.encode(value) }

  /// A response with `value` as its body.
  static func response(
    _ value: some Encodable, status: HTTPResponse.Status = .ok
  ) throws -> Response {
    Response(
      status: status,
      headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encode(value))))
  }
}

/// A value that is written as `null` where there is none, so that the key is always there.
struct Nullable<Value: Encodable & Sendable>: Encodable, Sendable {
  let value: Value?

  init(_ value: Value?) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encodeNil() }
  }
}

/// An instant as `2026-01-31T12:00:00.000Z`.
struct Timestamp: Encodable, Sendable {
  let date: Date

  init(_ date: Date) { self.date = date }

  init?(_ date: Date?) {
    guard let date else { return nil }
    self.date = date
  }

  var text: String { date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
