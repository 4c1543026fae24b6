import ChaosVerdict

/// What clients saw: a row for each node.
enum RequestCharts {
  /// With more nodes than these the page would be large: no texts under the pointer.
  private static let detailed = 8

  /// Numbers a second.
  static func rate(_ series: [Series], _ scale: Timescale) -> String {
    let most = series.flatMap(\.numbers).max() ?? 0
    let top = Plot.ceiling(max(1, Double(most) / scale.bucketSeconds))
    return series.map { one in
      var path = "M0 100"
      var hints = ""
      for (bucket, numbers) in one.numbers.enumerated() {
        let value = Double(numbers) / scale.bucketSeconds
        path += "V\(Plot.coordinate(100 - value / top * 100))"
        path += "H\(Plot.coordinate(scale.x(scale.start(of: bucket + 1))))"
        hints += Plot.hint(
          bucket, scale, height: 100,
          "\(one.node), \(Plot.moment(bucket, scale)): \(Figures.grouped(numbers)) numbers")
      }
      let area = "<path class=\"area line\" d=\"\(path)V100z\"/>"
      return Plot(
        pixels: 58, name: one.node, detail: one.region, color: "n\(one.color)",
        labels: [(0, short(top)), (0.5, short(top / 2)), (1, "0")],
        body: "<g class=n\(one.color)>\(area)</g>\(series.count > detailed ? "" : hints)"
      ).html
    }.joined()
  }

  private static func short(_ value: Double) -> String {
    value >= 10 || value == value.rounded()
      ? Figures.grouped(Int(value.rounded())) : Figures.fixed(value, value < 1 ? 2 : 1)
  }

  /// From the median to the 99th percentile, on a logarithmic scale.
  static func latency(_ series: [Series], _ scale: Timescale) -> String {
    let all = series.flatMap { one in
      (0..<scale.count).flatMap { bucket in
        [500, 990].compactMap { one.latency(bucket, thousandths: $0) }
      }
    }.filter { $0 > 0 }
    let (bottom, top) = Decades.around(all)
    func y(_ value: Double) -> Double { 100 - Decades.place(value, bottom, top) * 100 }
    let labels = (bottom...top).map { decade in
      (Double(top - decade) / Double(top - bottom), Decades.name(decade))
    }
    return series.map { one in
      var (median, high, band, hints) = ("", "", "", "")
      var (medianBefore, highBefore): (Double?, Double?)
      for bucket in 0..<scale.count {
        let left = scale.x(scale.start(of: bucket))
        let right = scale.x(scale.start(of: bucket + 1))
        let middle = one.latency(bucket, thousandths: 500)
        let far = one.latency(bucket, thousandths: 990)
        median += stair(middle.map(y), before: medianBefore, left, right)
        high += stair(far.map(y), before: highBefore, left, right)
        if let middle, let far {
          band += Plot.box(left, y(far), to: right, y(middle))
          hints += Plot.hint(
            bucket, scale, height: 100,
            "\(one.node), \(Plot.moment(bucket, scale)): p50 \(Figures.milliseconds(middle)) ms, "
              + "p99 \(Figures.milliseconds(far)) ms, "
              + "\(Figures.grouped(one.latencies[bucket].count)) requests")
        }
        (medianBefore, highBefore) = (middle.map(y), far.map(y))
      }
      return Plot(
        pixels: 76, name: one.node, detail: one.region, color: "n\(one.color)", labels: labels,
        body: "<g class=n\(one.color)><path class=area d=\"\(band)\"/>"
          + "<path class=\"line thin\" d=\"\(high)\"/><path class=line d=\"\(median)\"/></g>\(series.count > detailed ? "" : hints)"
      ).html
    }.joined()
  }

  /// The next step of a line that has gaps.
  private static func stair(
    _ value: Double?, before: Double?, _ left: Double, _ right: Double
  ) -> String {
    guard let value else { return "" }
    let start = before == nil ? "M\(Plot.coordinate(left)) \(Plot.coordinate(value))" : ""
    return start + "V\(Plot.coordinate(value))H\(Plot.coordinate(right))"
  }

  /// Requests that were refused, and those without an answer. The root of the count, so that one is
  /// seen beside a hundred.
  static func outcomes(_ series: [Series], _ scale: Timescale) -> String {
    let sums = series.flatMap { one in zip(one.failed, one.unknown).map { $0 + $1 } }
    let most = max(1, sums.max() ?? 0)
    func height(_ count: Int) -> Double { (Double(count) / Double(most)).squareRoot() * 100 }
    return series.map { one in
      var (failed, unknown, hints) = ("", "", "")
      for bucket in 0..<scale.count {
        let (refused, open) = (one.failed[bucket], one.unknown[bucket])
        guard refused + open > 0 else { continue }
        let left = scale.x(scale.start(of: bucket))
        let right = scale.x(scale.start(of: bucket + 1))
        let top = 100 - height(refused + open)
        let middle = top + (100 - top) * Double(open) / Double(refused + open)
        if open > 0 { unknown += Plot.box(left, top, to: right, middle) }
        if refused > 0 { failed += Plot.box(left, middle, to: right, 100) }
        hints += Plot.hint(
          bucket, scale, height: 100,
          "\(one.node), \(Plot.moment(bucket, scale)): \(refused) failed, \(open) unknown")
      }
      return Plot(
        pixels: 30, name: one.node, detail: one.region, color: "n\(one.color)",
        labels: [(0, Figures.grouped(most)), (1, "0")],
        body: "<path class=failed d=\"\(failed)\"/><path class=unknown d=\"\(unknown)\"/>"
          + (series.count > detailed ? "" : hints)
      ).html
    }.joined()
  }
}
