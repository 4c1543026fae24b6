/// What a client asked a node for.
public enum Request: String, Sendable, Hashable, Codable, CaseIterable {
  /// `POST /api/serials/jobs`.
  case jobs
  /// `POST /api/serials/targets`.
  case targets
  /// `POST /api/jobs/{job}/execute`: one execution.
  case execution
  /// The branches that one execution made.
  case branches
}

/// How a request ended, as its client saw it.
public enum Outcome: Sendable, Equatable {
  /// Acknowledged: these serials are the client's.
  case ok([String])
  /// Refused for certain, with the code of the problem document. No number belongs to the client.
  case failed(String)
  /// No answer, or one that says that the outcome is not known.
  case unknown(String)
}

/// One request from its first byte to its end. A client has one at a time.
public struct Operation: Sendable, Equatable, Codable {
  /// The client; also the subject of its token, which the issue log names.
  public var client: String
  public var node: String
  public var request: Request
  /// The job or execution that numbers were asked for; nil for jobs and targets.
  public var parent: String?
  /// How many numbers were asked for, at least 1.
  public var asked: Int
  /// The idempotency key. Requests of one client with one key have one answer.
  public var key: String?
  /// Microseconds since the run began.
  public var start: Int
  public var end: Int
  public var outcome: Outcome

  public init(
    client: String, node: String, request: Request, parent: String? = nil, asked: Int,
    key: String? = nil, start: Int, end: Int, outcome: Outcome
  ) {
    self.client = client
    self.node = node
    self.request = request
    self.parent = parent
    self.asked = asked
    self.key = key
    self.start = start
    self.end = end
    self.outcome = outcome
  }
}

/// A fault, from when it was switched on until it was over.
public struct FaultSpan: Sendable, Equatable, Codable {
  /// A short name: `kill`, `pause`, `partition`, `coordinator-stop`, ...
  public var name: String
  /// The node, `coordinator`, or `standby`.
  public var target: String
  /// What was done, for people.
  public var detail: String
  public var start: Int
  public var end: Int

  public init(name: String, target: String, detail: String, start: Int, end: Int) {
    self.name = name
    self.target = target
    self.detail = detail
    self.start = start
    self.end = end
  }
}
