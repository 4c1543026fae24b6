/// One line of a history file. The first line is the run, the order of the others is when they were
/// written; times are microseconds since the run began, on the monotonic clock of the runner.
public enum Entry: Sendable, Equatable {
  case run(Run)
  case operation(Operation)
  case fault(FaultSpan)
  case ledger(LedgerSample)
  case holdings(HoldingsSample)
  /// Something that the scenario itself demanded.
  case demand(Demand)
  /// What the coordinator had at the end, a counter an entry.
  case final(FinalCounter)
  /// What `verify` found at the end; empty when everything agrees.
  case disagreements([String])
  /// The end of the run. A history without it was cut off.
  case end(RunEnd)
}

/// What a run is: enough to repeat it.
public struct Run: Sendable, Equatable, Codable {
  public var scenario: String
  /// What the scenario shows, in one sentence.
  public var purpose: String
  public var seed: UInt64
  /// When it began, seconds since 1970 by the runner's clock.
  public var startedAt: Double
  public var nodes: [NodeFacts]
  public var clients: Int
  /// The guard that was switched off to see a violation; nil for none.
  public var flaw: String?
  /// The version of the project that ran.
  public var version: String
  /// The commands that run it again, and judge this history again.
  public var commands: [String]

  public init(
    scenario: String, purpose: String, seed: UInt64, startedAt: Double, nodes: [NodeFacts],
    clients: Int, flaw: String?, version: String, commands: [String]
  ) {
    self.scenario = scenario
    self.purpose = purpose
    self.seed = seed
    self.startedAt = startedAt
    self.nodes = nodes
    self.clients = clients
    self.flaw = flaw
    self.version = version
    self.commands = commands
  }
}

public struct NodeFacts: Sendable, Equatable, Codable {
  public var name: String
  public var region: String

  public init(name: String, region: String) {
    self.name = name
    self.region = region
  }
}

public struct RunEnd: Sendable, Equatable, Codable {
  /// Microseconds since the run began.
  public var at: Int
  /// Why the scenario did not come to its end; nil when it did.
  public var failure: String?

  public init(at: Int, failure: String?) {
    self.at = at
    self.failure = failure
  }
}

/// What a scenario demands beyond what holds for every run, and whether it held.
public struct Demand: Sendable, Equatable, Codable {
  public var at: Int
  public var text: String
  public var holds: Bool
  /// What was seen.
  public var seen: String

  public init(at: Int, text: String, holds: Bool, seen: String) {
    self.at = at
    self.text = text
    self.holds = holds
    self.seen = seen
  }
}
