/// A metric with all its series at one moment, as the text format groups them.
public struct MetricFamily: Sendable, Equatable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`.
  public let name: String
  /// One sentence for people; no HELP line is written for nil.
  public let help: String?
  public let kind: Kind
  public var series: [Series]

  public init(name: String, help: String? = nil, kind: Kind, series: [Series]) {
    self.name = name
    self.help = help
    self.kind = kind
    self.series = series
  }

  /// A family of gauges, from label values to value.
  public static func gauge(
    _ name: String, help: String, _ series: [(labels: [(String, String)], value: Double)]
  ) -> MetricFamily {
    MetricFamily(
      name: name, help: help, kind: .gauge,
      series: series.map { Series(labels: Labels($0.labels), value: .number($0.value)) })
  }
}

/// One series of a metric: its labels and its value.
public struct Series: Sendable, Equatable {
  public enum Value: Sendable, Equatable {
    case number(Double)
    case histogram(HistogramValue)
  }

  public let labels: Labels
  public let value: Value

  public init(labels: Labels, value: Value) {
    self.labels = labels
    self.value = value
  }
}

/// What a histogram has counted.
public struct HistogramValue: Sendable, Equatable {
  /// Upper bounds, rising and finite; the bucket without bound comes on top.
  public let bounds: [Double]
  /// How many values fell into each bucket alone; one more than there are bounds.
  public let counts: [UInt64]
  public let sum: Double

  public var count: UInt64 { counts.reduce(0, &+) }

  public init(bounds: [Double], counts: [UInt64], sum: Double) {
    precondition(counts.count == bounds.count + 1, "one count for each bound, and one on top")
    self.bounds = bounds
    self.counts = counts
    self.sum = sum
  }
}
