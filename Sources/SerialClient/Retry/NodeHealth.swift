/// Which nodes failed a short while ago, by their place in the configuration. Pure: times are
/// durations since the client was made.
struct NodeHealth: Sendable, Equatable {
  private var avoidedUntil: [Duration]

  init(nodeCount: Int) { avoidedUntil = Array(repeating: .zero, count: nodeCount) }

  mutating func failed(_ node: Int, now: Duration, avoidance: Duration) {
    avoidedUntil[node] = now + avoidance
  }

  mutating func served(_ node: Int) { avoidedUntil[node] = .zero }

  /// All nodes as they were configured; those that failed a short while ago come last, the one
  /// that failed first before the others.
  func order(now: Duration) -> [Int] {
    let good = avoidedUntil.indices.filter { avoidedUntil[$0] <= now }
    let failed = avoidedUntil.indices.filter { avoidedUntil[$0] > now }
    return good + failed.sorted { (avoidedUntil[$0], $0) < (avoidedUntil[$1], $1) }
  }
}
