public import ChaosHistory
import FoundationEssentials

/// What a cluster for chaos is made of.
public struct ClusterOptions: Sendable {
  public var nodes = [
    NodeFacts(name: "eu-1", region: "eu"), NodeFacts(name: "eu-2", region: "eu"),
    NodeFacts(name: "us-1", region: "us"),
  ]
  /// Short, so that what a dead node held is soon free again.
  public var leaseMilliseconds = 3_000
  /// How long a request waits for its numbers.
  public var requestMilliseconds = 2_500
  /// How far each node lets *committed through* run ahead.
  public var commitAhead = 0
  /// Milliseconds each way between a region and the coordinator.
  public var latency = ["us": 15]
  public var maxConnections = 100
  /// A synchronous standby, without which nothing is issued.
  public var hasStandby = false
  /// The coordinator's and the nodes' clocks can be moved (`faketime`).
  public var movesClocks = false
  /// All clocks begin so many seconds before the next New Year (UTC); nil for the system's time.
  public var secondsBeforeNewYear: Double?
  /// The lost-commits guard of the coordinator is taken out.
  public var flaw: Flaw?
  /// Where the coordinator's data lies; a temporary folder if none is given.
  public var place: String?

  public init() {}

  /// How far the clocks are moved at the start, in seconds.
  func clockOffset(now: Date = Date()) -> Double {
    guard let secondsBeforeNewYear else { return 0 }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let year = calendar.component(.year, from: now)
    guard let turn = calendar.date(from: DateComponents(year: year + 1, month: 1, day: 1)) else {
      return 0
    }
    return turn.timeIntervalSince(now) - secondsBeforeNewYear
  }
}

/// A guard that is switched off, to see the violation that it prevents.
public enum Flaw: String, Sendable, CaseIterable {
  /// Nothing is asked of the nodes after the coordinator started or lost commits, and what they report
  /// is not taken out of the free pool.
  case noGuard = "no-guard"

  var sql: String {
    switch self {
    case .noGuard:
      """
      CREATE OR REPLACE FUNCTION serial.close_grants(p_reason text, p_detail jsonb) RETURNS void
      LANGUAGE sql AS 'SELECT';
      CREATE OR REPLACE FUNCTION serial.carve_out(
        p_kind text, p_year integer, p_node text, p_boot uuid, p_claimed int4multirange,
        p_sure int4multirange, OUT carved integer, OUT overlapping integer)
      LANGUAGE sql AS 'SELECT 0, 0';
      """
    }
  }
}
