import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends one request to one node, once. Nothing is repeated here.
struct HTTPTransport: Sendable {
  /// What came back, and how the retry machine is to take it.
  struct Exchange: Sendable {
    let outcome: CallMachine.Outcome
    var data = Data()
    var problem: ServiceProblem?
    /// What happened, for people.
    let account: String
  }

  /// A problem document is a few hundred bytes.
  private static let largestProblemBytes = 64 * 1024

  private let nodes: [String]
  private let largestAnswerBytes: Int
  private let http: HTTPClient

  init(_ configuration: ClientConfiguration) throws(SerialClientError) {
    guard !configuration.nodes.isEmpty else {
      throw SerialClientError(.invalidRequest, "the configuration names no node")
    }
    nodes = try configuration.nodes.map { node throws(SerialClientError) in
      let base = node.hasSuffix("/") ? String(node.dropLast()) : node
      guard let url = URL(string: base), ["http", "https"].contains(url.scheme), url.host() != nil
      else { throw SerialClientError(.invalidRequest, "\(node) is no address of a node") }
      return base
    }
    largestAnswerBytes = configuration.largestAnswerBytes
    var settings = HTTPClient.Configuration(redirectConfiguration: .disallow)
    settings.timeout = .init(connect: .nanoseconds(configuration.connectTimeout.nanoseconds))
    settings.connectionPool.retryConnectionEstablishment = false
    settings.httpVersion = .http1Only
    settings.decompression = .disabled
    if let file = configuration.certificateAuthorityFile {
      do {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
        tls.minimumTLSVersion = .tlsv12
        settings.tlsConfiguration = tls
      } catch {
        throw SerialClientError(
          .invalidRequest, "the authorities of \(file) cannot be read: \(error)")
      }
    }
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
  }

  func shutdown() async throws { try await http.shutdown() }

  /// The caller ends it by cancelling its task.
  func send(_ call: ClientCall, to node: Int, token: String?, key: String?) async -> Exchange {
    let url = nodes[node]
    var request = HTTPClientRequest(url: url + call.path)
    request.method = HTTPMethod(rawValue: call.method.rawValue)
    request.headers.add(name: "Accept", value: "application/json")
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if let key { request.headers.add(name: "Idempotency-Key", value: key) }
    if let body = call.body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(data: body))
    }
    do {
      let response = try await http.execute(request, deadline: .distantFuture)
      return try await exchange(response, url: url)
    } catch  where Self.wasNotSent(error) {
      return Exchange(outcome: .notSent, account: "\(url) was not reached: \(error)")
    } catch {
      return Exchange(outcome: .lost, account: "\(url) did not answer: \(error)")
    }
  }

  private func exchange(_ response: HTTPClientResponse, url: String) async throws -> Exchange {
    let status = Int(response.status.code)
    let isGood = (200..<300).contains(status)
    let limit = isGood ? largestAnswerBytes : Self.largestProblemBytes
    let data: Data
    do {
      data = Data(buffer: try await response.body.collect(upTo: limit))
    } catch is NIOTooManyBytesError {
      guard isGood else {
        return refusal(response, problem: nil, url: url, "with a body of more than \(limit) bytes")
      }
      return Exchange(
        outcome: .tooLarge, account: "\(url) answered with more than \(limit) bytes")
    }
    if isGood { return Exchange(outcome: .answered, data: data, account: "\(url) answered") }
    guard status >= 400 else {
      return Exchange(outcome: .unreadable, account: "\(url) answered status \(status)")
    }
    let problem = try? JSONDecoder().decode(ServiceProblem.self, from: data)
    return refusal(response, problem: problem, url: url, problem?.detail ?? "without saying why")
  }

  private func refusal(
    _ response: HTTPClientResponse, problem: ServiceProblem?, url: String, _ reason: String
  ) -> Exchange {
    let status = Int(response.status.code)
    let refusal = CallMachine.Refusal(
      status: status, code: problem?.code,
      retryAfter: Self.retryAfter(response.headers.first(name: "Retry-After")))
    return Exchange(
      outcome: .refused(refusal), problem: problem,
      account: "\(url) answered status \(status): \(reason)")
  }

  /// Whole seconds, a day at most.
  static func retryAfter(_ text: String?) -> Duration? {
    text.flatMap { Int($0) }.flatMap { $0 < 0 ? nil : .seconds(min($0, 86_400)) }
  }

  /// Errors that come before the first byte of a request leaves. Of all others it is not known.
  private static func wasNotSent(_ error: any Error) -> Bool {
    if error is NIOConnectionError || error is NIOSSLExtraError { return true }
    if let error = error as? NIOSSLError, case .handshakeFailed = error { return true }
    if let error = error as? IOError {
      return [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode)
    }
    guard let error = error as? HTTPClientError else { return false }
    return [
      .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .alreadyShutdown,
    ].contains(error)
  }
}

extension Duration {
  /// Whole nanoseconds, as far as they can be counted.
  var nanoseconds: Int64 {
    let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let rest = components.attoseconds / 1_000_000_000
    let (sum, overflowsToo) = seconds.addingReportingOverflow(rest)
    return overflow || overflowsToo ? .max : sum
  }
}
