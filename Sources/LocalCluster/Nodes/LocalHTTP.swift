import Dispatch
import Glibc

/// What a server on this machine answered.
package struct LocalHTTPResponse: Sendable, Equatable {
  package let status: Int
  package let body: String
}

/// One request, one answer, one connection, to a server on 127.0.0.1: all that starting a cluster
/// needs, without a client library.
package enum LocalHTTP {
  /// Sends a request.
  ///
  /// - Parameter limit: for the whole exchange.
  /// - Throws: `system` when nothing listens there, `timedOut`, `damagedFile` for an answer that is
  ///   not HTTP.
  package static func send(
    _ method: String, port: UInt16, path: String, headers: [String: String] = [:],
    body: String? = nil, limit: Duration = .seconds(5)
  ) async throws -> LocalHTTPResponse {
    var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
    lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    if let body { lines.append("Content-Length: \(body.utf8.count)") }
    let request = lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    return try await withCheckedThrowingContinuation { continuation in
      // Blocking calls, each with a limit, on a thread of their own.
      DispatchQueue(label: "http").async {
        continuation.resume(with: Result { try exchange(request, port: port, limit: limit) })
      }
    }
  }

  private static func exchange(_ request: String, port: UInt16, limit: Duration) throws
    -> LocalHTTPResponse
  {
    let end = ContinuousClock.now + limit
    let place = "127.0.0.1:\(port)"
    let endpoint = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard endpoint >= 0 else { throw LocalClusterError.system("socket", place) }
    defer { close(endpoint) }
    var step = timeval(tv_sec: max(1, Int(limit.components.seconds)), tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(endpoint, SOL_SOCKET, option, &step, socklen_t(MemoryLayout<timeval>.size))
    }
    guard Loopback.withAddress(port: port, { connect(endpoint, $0, $1) }) == 0 else {
      throw LocalClusterError.system("connect to", place)
    }
    var rest = Array(request.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(endpoint, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw LocalClusterError.system("write to", place) }
      rest = rest.dropFirst(count)
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while answer.count < 4 << 20 {
      guard ContinuousClock.now < end else {
        throw LocalClusterError(.timedOut, "No whole answer from \(place) within \(limit).")
      }
      let count = recv(endpoint, &buffer, buffer.count, 0)
      guard count >= 0 else { throw LocalClusterError.system("read from", place) }
      if count == 0 { break }
      answer += buffer[..<count]
    }
    guard let response = parse(answer) else {
      throw LocalClusterError(.damagedFile, "\(place) did not answer in HTTP.")
    }
    return response
  }

  /// The status line, and the body as its length or its chunks say.
  static func parse(_ bytes: [UInt8]) -> LocalHTTPResponse? {
    let separator = Array("\r\n\r\n".utf8)
    guard let head = bytes.firstRange(of: separator) else { return nil }
    let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
      return nil
    }
    let chunked = lines.contains {
      let line = $0.lowercased()
      return line.hasPrefix("transfer-encoding:") && line.hasSuffix("chunked")
    }
    let rest = bytes[head.upperBound...]
    let body = chunked ? joinChunks(rest) : Array(rest)
    return LocalHTTPResponse(status: status, body: String(decoding: body, as: UTF8.self))
  }

  private static func joinChunks(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var rest = bytes
    var joined: [UInt8] = []
    while let line = rest.firstRange(of: Array("\r\n".utf8)) {
      let size = String(decoding: rest[..<line.lowerBound], as: UTF8.self)
        .split(separator: ";").first.flatMap { Int($0, radix: 16) }
      guard let size, size > 0, size <= rest.endIndex - line.upperBound else { break }
      joined += rest[line.upperBound..<(line.upperBound + size)]
      rest = rest[(line.upperBound + size)...].dropFirst(2)
    }
    return joined
  }
}
