/// What a history shows. `judge` makes it; in JSON its names are in snake case.
public struct Verdict: Sendable, Equatable, Codable {
  /// Requests.
  public var attempted = 0
  public var acknowledged = 0
  public var failed = 0
  public var unknown = 0
  /// Serials that clients received, each once.
  public var serials = 0
  /// Refusals by code, unknown outcomes by reason.
  public var failures: [String: Int] = [:]
  public var unknowns: [String: Int] = [:]

  /// A serial that two requests received, or one twice; a finding for each time.
  public var duplicated: [Finding] = []
  public var outOfRange: [Finding] = []
  public var wrongYear: [Finding] = []
  public var missing: [Finding] = []
  public var unbalanced: [Finding] = []
  /// Answers of one key that differ, or that are not what was asked for; a line that names another
  /// recipient; what `verify` found; what the scenario demanded in vain; a run that did not come to its
  /// end.
  public var other: [Finding] = []

  /// Acknowledged numbers that the ledger has as void: they are there, and an operator struck them out.
  public var acknowledgedVoid = 0
  /// Numbers in the ledger as issued that no client acknowledged, by the reason.
  public var unclaimed: [String: Int] = [:]
  /// Such numbers for which there is no reason, and what they are: these are violations.
  public var unexplainedNumbers = 0
  public var unexplained: [Finding] = []

  /// Samples of the ledger that were looked at, those of the end included.
  public var ledgerSamples = 0
  /// The longest time without an acknowledged request, by region, in milliseconds.
  public var longestSilence: [String: Double] = [:]
  /// Of acknowledged requests, in milliseconds, by region and for `all`.
  public var latency: [String: Percentiles] = [:]
  /// By node.
  public var nodes: [String: NodeSummary] = [:]
  /// Length of the run in seconds.
  public var seconds = 0.0
  /// What the scenario demanded, and whether it held.
  public var demands: [String] = []

  public init() {}

  public var violations: [Finding] {
    duplicated + outOfRange + wrongYear + missing + unbalanced + unexplained + other
  }

  private enum CodingKeys: String, CodingKey {
    case attempted, acknowledged, failed, unknown, serials, failures, unknowns
    case duplicated, missing, unbalanced, other, unclaimed, unexplained, latency, nodes, seconds
    case demands
    case outOfRange = "out_of_range"
    case wrongYear = "wrong_year"
    case acknowledgedVoid = "acknowledged_void"
    case unexplainedNumbers = "unexplained_numbers"
    case ledgerSamples = "ledger_samples"
    case longestSilence = "longest_silence"
  }
}

/// What the clients of one node saw.
public struct NodeSummary: Sendable, Equatable, Codable {
  public var region: String
  public var attempted = 0
  public var acknowledged = 0
  public var failed = 0
  public var unknown = 0
  /// Of acknowledged requests; nil when there were none.
  public var latency: Percentiles?

  public init(region: String) { self.region = region }
}
