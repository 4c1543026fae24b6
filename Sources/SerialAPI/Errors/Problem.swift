import Foundation
import HTTPTypes
import Hummingbird
import LeaseCore
import NIOCore

/// An error as a client sees it: a problem document (RFC 9457) with a stable code.
struct Problem: Error, Sendable, Equatable {
  /// Members beside the standard ones. Those that are nil are left out.
  struct Members: Sendable, Equatable, Encodable {
    /// The field of the body, or the parameter, that is wrong.
    var field: String?
    /// What exactly is wrong with a serial.
    var reason: String?
    /// The counter that is meant.
    var kind: String?
    var year: Int?
    /// What the numbers are under, where that is no counter: a job or an execution.
    var parent: String?
    /// How many numbers there are.
    var capacity: Int?
    /// What was created although the answer cannot show it.
    var serials: [String]?
    /// The scope that is missing.
    var scope: String?

    init() {}
  }

  let code: ProblemCode
  let status: HTTPResponse.Status
  /// One or two sentences for people. Nobody should decide by them.
  let detail: String
  var members = Members()
  var headers: HTTPFields = [:]

  init(_ code: ProblemCode, _ detail: String, status: HTTPResponse.Status? = nil) {
    self.code = code
    self.detail = detail
    self.status = status ?? code.status
  }

  /// The content type of the document.
  static let contentType = "application/problem+json"

  /// The document as JSON.
  var document: ByteBuffer {
    ByteBuffer(bytes: (try? ResponseJSON.encode(Document(problem: self))) ?? Data())
  }

  var response: Response {
    var headers = headers
    headers[.contentType] = Self.contentType
    headers[.cacheControl] = "no-store"
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: document))
  }
}

extension Problem {
  private struct Document: Encodable {
    let problem: Problem

    private enum CodingKeys: String, CodingKey { case type, title, status, detail, code }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(problem.code.type, forKey: .type)
      try container.encode(problem.code.title, forKey: .title)
      try container.encode(problem.status.code, forKey: .status)
      try container.encode(problem.detail, forKey: .detail)
      try container.encode(problem.code.rawValue, forKey: .code)
      try problem.members.encode(to: encoder)
    }
  }

  /// The same with the time after which it makes sense to ask again, in whole seconds.
  func retry(afterSeconds seconds: Int) -> Problem {
    var problem = self
    problem.headers[.retryAfter] = "\(max(seconds, 1))"
    return problem
  }

  /// The same, and the connection ends with it: what the client still sends is not wanted.
  func closing() -> Problem {
    var problem = self
    problem.headers[.connection] = "close"
    return problem
  }
}
