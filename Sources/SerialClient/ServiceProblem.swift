/// The document with which a node says why it did not do what it was asked (RFC 9457).
public struct ServiceProblem: Sendable, Equatable, Decodable {
  /// As the node sent it, also when this client does not know it: `SerialClientError.Code` has those
  /// that it knows.
  public let code: String
  public let status: Int
  public let title: String?
  /// For people; nothing should be decided by it.
  public let detail: String
  /// The field or parameter that is wrong.
  public let field: String?
  /// What exactly is wrong with a serial.
  public let reason: String?
  /// What is full, and how much fits into it.
  public let kind: String?
  public let year: Int?
  public let parent: String?
  public let capacity: Int?
  /// The scope that the token lacks.
  public let scope: String?
}
