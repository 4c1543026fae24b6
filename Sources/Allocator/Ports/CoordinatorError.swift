/// Why a call of the coordinator gave no answer that can be used. A closed set: nobody decides by
/// the text.
public struct CoordinatorError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// Nothing was sent: the coordinator cannot be reached.
    case unavailable
    /// Known not to have happened: the server said that it rolled back for a passing reason (a
    /// lock limit, a deadlock, a statement that took too long).
    case notDone
    /// Sent and not durably answered. It may have happened, it may still happen.
    case outcomeUnknown
    /// The server refused the call for good: a right that is missing, a schema that is wrong.
    case rejected
  }

  public let code: Code
  public let detail: String

  public init(_ code: Code, detail: String) {
    self.code = code
    self.detail = detail
  }

  public var description: String { "\(code.rawValue): \(detail)" }
}
