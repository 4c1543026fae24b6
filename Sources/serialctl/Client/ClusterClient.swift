import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks the nodes, one after the other until one is reached.
struct ClusterClient {
  private static let largestAnswerBytes = 16 * 1024 * 1024

  let environment: ClusterEnvironment
  let http: HTTPClient

  /// Runs a body with a client that is shut down after it.
  static func run<Value>(_ body: (ClusterClient) async throws -> Value) async throws -> Value {
    let environment = try ClusterEnvironment.find()
    var configuration = HTTPClient.Configuration()
    configuration.timeout = .init(connect: .seconds(3), read: .seconds(30))
    if let authority = environment.authority {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(authority)
      configuration.tlsConfiguration = tls
    }
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(ClusterClient(environment: environment, http: http)))
    } catch {
      result = .failure(error)
    }
    try await http.shutdown()
    return try result.get()
  }

  func get(_ path: String) async throws -> Data { try await ask(.GET, path, body: nil) }

  func post(_ path: String, _ body: Data) async throws -> Data {
    try await ask(.POST, path, body: body)
  }

  /// Only a request that was not sent goes to the next node: one that was sent may have been
  /// carried out.
  private func ask(_ method: HTTPMethod, _ path: String, body: Data?) async throws -> Data {
    var unreached: [String] = []
    for url in environment.urls {
      var request = HTTPClientRequest(url: url + path)
      request.method = method
      if let token = environment.token {
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
      }
      if let body {
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(data: body))
      }
      do {
        let response = try await http.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: Self.largestAnswerBytes)
        return try answer(Data(buffer: bytes), status: Int(response.status.code))
      } catch let error as ControlFailure {
        throw error
      } catch  where wasNotSent(error) {
        unreached.append("\(url): \(error)")
      } catch {
        let what = "\(url) did not answer: \(error)"
        guard method == .GET else {
          throw ControlFailure(.outcomeUnknown, what + ". The request may have been carried out.")
        }
        unreached.append(what)
      }
    }
    throw ControlFailure(
      .unavailable, "no node could be reached\n  " + unreached.joined(separator: "\n  "))
  }

  private func wasNotSent(_ error: any Error) -> Bool {
    if error is NIOConnectionError || error is NIOSSLError { return true }
    if let failure = error as? IOError {
      return [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(failure.errnoCode)
    }
    let known: [HTTPClientError] = [
      .connectTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost,
      .unsupportedScheme(""),
    ]
    return (error as? HTTPClientError).map { known.contains($0) } ?? false
  }

  private func answer(_ data: Data, status: Int) throws -> Data {
    if (200..<300).contains(status) { return data }
    struct Problem: Decodable {
      let code: String
      let detail: String
    }
    guard let problem = try? JSONDecoder().decode(Problem.self, from: data) else {
      throw ControlFailure(.refused, "the node answered status \(status)")
    }
    let kind: ControlFailure.Status =
      problem.code == "outcome-unknown" ? .outcomeUnknown : status >= 500 ? .unavailable : .refused
    throw ControlFailure(kind, "\(problem.detail) (\(problem.code))")
  }
}
