import HTTPTypes

/// The problems that lie in the request itself.
extension Problem {
  /// A request that is wrong; `field` names the member of the body or the
  /// parameter, where it is one.
  static func invalid(_ detail: String, field: String? = nil) -> Problem {
    var problem = Problem(.invalidRequest, detail)
    problem.members.field = field
    return problem
  }

  /// A parameter of the path or the query that cannot be read.
  static func malformed(_ name: String, _ text: String, expected: String) -> Problem {
    invalid("\"\(name)\" is \"\(Excerpt.of(text))\": expected \(expected).", field: name)
  }

  static func unknownRoute(_ path: String) -> Problem {
    Problem(.notFound, "Nothing here: \(Excerpt.of(path)). GET /openapi.yaml lists what there is.")
  }

  static func wrongMethod(allowed: [HTTPRequest.Method]) -> Problem {
    let list = allowed.map(\.rawValue).joined(separator: ", ")
    var problem = Problem(
      .invalidRequest, "This method is not for this resource; it takes \(list).",
      status: .methodNotAllowed)
    problem.headers[.allow] = list
    return problem
  }

  static func bodyTooLarge(limitBytes: Int) -> Problem {
    Problem(
      .invalidRequest, "The body is longer than \(limitBytes) bytes.", status: .contentTooLarge
    ).closing()
  }

  static let wrongContentType = Problem(
    .invalidRequest, "The body must be JSON: Content-Type: application/json.",
    status: .unsupportedMediaType)

  static let slowRequest = Problem(
    .invalidRequest, "The request took too long to arrive.", status: .requestTimeout
  ).closing()

  static let headersTooLarge = Problem(
    .invalidRequest, "The request line or the headers are too long.",
    status: .requestHeaderFieldsTooLarge
  ).closing()

  static let malformedHTTP = Problem(
    .invalidRequest, "What was received is not a valid HTTP/1.1 request."
  ).closing()
}

/// Text that came from outside, cut to a length that can be shown.
enum Excerpt {
  static let limit = 100

  static func of(_ text: some StringProtocol) -> String {
    text.unicodeScalars.count <= limit
      ? String(text) : String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) + "..."
  }
}
