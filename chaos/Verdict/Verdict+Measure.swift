import ChaosHistory

extension Verdict {
  /// Regions without a place in the run's list of nodes.
  private static let elsewhere = "elsewhere"

  /// Latency, silence, and what each node did.
  mutating func measure(_ operations: [Operation], _ facts: [NodeFacts]) {
    let regions = Dictionary(facts.map { ($0.name, $0.region) }) { first, _ in first }
    var durations: [String: [Int]] = [:]
    var ends: [String: [Int]] = [:]
    var spans: [String: ClosedRange<Int>] = [:]
    for (name, region) in regions { nodes[name] = NodeSummary(region: region) }
    for operation in operations {
      let region = regions[operation.node] ?? Self.elsewhere
      let last = max(operation.start, operation.end)
      let span = spans[region] ?? operation.start...last
      spans[region] = min(span.lowerBound, operation.start)...max(span.upperBound, last)
      nodes[operation.node, default: NodeSummary(region: region)].count(operation.outcome)
      guard case .ok = operation.outcome else { continue }
      durations[operation.node, default: []].append(last - operation.start)
      ends[region, default: []].append(last)
    }
    for (region, span) in spans {
      longestSilence[region] = Self.longestGap(ends[region] ?? [], within: span)
    }
    var byRegion: [String: [Int]] = [:]
    for (node, values) in durations {
      nodes[node]?.latency = Percentiles(microseconds: values)
      byRegion[regions[node] ?? Self.elsewhere, default: []] += values
    }
    latency = byRegion.compactMapValues { Percentiles(microseconds: $0) }
    latency["all"] = Percentiles(microseconds: durations.values.flatMap { $0 })
  }

  /// In milliseconds.
  private static func longestGap(_ ends: [Int], within span: ClosedRange<Int>) -> Double {
    var (longest, before) = (0, span.lowerBound)
    for end in ends.sorted() + [span.upperBound] {
      longest = max(longest, end - before)
      before = end
    }
    return Double(longest) / 1_000
  }
}

extension NodeSummary {
  mutating func count(_ outcome: Outcome) {
    attempted += 1
    switch outcome {
    case .ok: acknowledged += 1
    case .failed: failed += 1
    case .unknown: unknown += 1
    }
  }
}
