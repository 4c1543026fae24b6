import ChaosHistory

/// What the clients of one node saw, by bucket.
struct Series {
  let node: String
  let region: String
  /// The place of its colour.
  let color: Int
  /// Numbers that were acknowledged; an answer that was given again does not count again.
  fileprivate(set) var numbers: [Int]
  fileprivate(set) var failed: [Int]
  fileprivate(set) var unknown: [Int]
  /// Of acknowledged requests, microseconds, in order.
  fileprivate(set) var latencies: [[Int]]

  private init(_ node: String, _ region: String, _ color: Int, buckets: Int) {
    (self.node, self.region, self.color) = (node, region, color)
    numbers = Array(repeating: 0, count: buckets)
    failed = numbers
    unknown = numbers
    latencies = Array(repeating: [], count: buckets)
  }

  private struct Answer: Hashable {
    var client: String
    var key: String
    var request: Request
  }

  /// For the run's nodes, and for others that a request names.
  static func make(_ operations: [Operation], _ run: Run, _ scale: Timescale) -> [Series] {
    var series: [Series] = []
    var places: [String: Int] = [:]
    func place(_ node: String, _ region: String) -> Int {
      if let place = places[node] { return place }
      places[node] = series.count
      series.append(Series(node, region, series.count, buckets: scale.count))
      return series.count - 1
    }
    for facts in run.nodes { _ = place(facts.name, facts.region) }
    var given: Set<Answer> = []
    for operation in operations {
      let place = place(operation.node, "")
      let bucket = scale.place(of: operation.end)
      switch operation.outcome {
      case .failed: series[place].failed[bucket] += 1
      case .unknown: series[place].unknown[bucket] += 1
      case .ok(let serials):
        series[place].latencies[bucket].append(max(0, operation.end - operation.start))
        let isNew =
          operation.key.map {
            let answer = Answer(client: operation.client, key: $0, request: operation.request)
            return given.insert(answer).inserted
          } ?? true
        if isNew { series[place].numbers[bucket] += serials.count }
      }
    }
    for place in series.indices {
      for bucket in 0..<scale.count { series[place].latencies[bucket].sort() }
    }
    return series
  }

  /// In milliseconds; nil for a bucket without an acknowledged request.
  func latency(_ bucket: Int, thousandths: Int) -> Double? {
    let values = latencies[bucket]
    guard !values.isEmpty else { return nil }
    return Double(values[max(0, (thousandths * values.count + 999) / 1_000 - 1)]) / 1_000
  }
}
