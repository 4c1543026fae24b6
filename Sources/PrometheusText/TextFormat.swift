/// The Prometheus text exposition format, version 0.0.4.
///
/// Rule: prometheus.io/docs/instrumenting/exposition_formats, "Text-based format".
public enum TextFormat {
  /// The content type of what `write` gives.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// All families, sorted by name, and the series of each by labels.
  ///
  /// The order is the same for the same content. A name that comes up twice is written once, with
  /// the first help and kind; series of another kind are left out.
  public static func write(_ families: [MetricFamily]) -> String {
    var merged: [String: MetricFamily] = [:]
    for family in families {
      if let known = merged[family.name] {
        guard known.kind == family.kind else { continue }
        merged[family.name]?.series.append(contentsOf: family.series)
      } else {
        merged[family.name] = family
      }
    }
    var text = ""
    for family in merged.values.sorted(by: { $0.name < $1.name }) { write(family, to: &text) }
    return text
  }

  private static func write(_ family: MetricFamily, to text: inout String) {
    guard !family.series.isEmpty else { return }
    if let help = family.help {
      text += "# HELP \(family.name) \(escaped(help, quotes: false))\n"
    }
    text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
    var written: Set<Labels> = []
    for series in family.series.sorted(by: { $0.labels < $1.labels }) {
      guard written.insert(series.labels).inserted else { continue }
      switch (series.value, family.kind) {
      case (.number(let value), .counter), (.number(let value), .gauge):
        sample(family.name, series.labels, number(value), to: &text)
      case (.histogram(let value), .histogram):
        histogram(family.name, series.labels, value, to: &text)
      case (.number, .histogram), (.histogram, .counter), (.histogram, .gauge):
        continue
      }
    }
  }

  private static func histogram(
    _ name: String, _ labels: Labels, _ value: HistogramValue, to text: inout String
  ) {
    var cumulative: UInt64 = 0
    for (index, count) in value.counts.enumerated() {
      cumulative &+= count
      let bound = index < value.bounds.count ? number(value.bounds[index]) : "+Inf"
      sample("\(name)_bucket", labels, "\(cumulative)", bound: bound, to: &text)
    }
    sample("\(name)_sum", labels, number(value.sum), to: &text)
    sample("\(name)_count", labels, "\(cumulative)", to: &text)
  }

  private static func sample(
    _ name: String, _ labels: Labels, _ value: String, bound: String? = nil, to text: inout String
  ) {
    text += name
    var pairs = labels.pairs.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
    if let bound { pairs.append("le=\"\(bound)\"") }
    if !pairs.isEmpty { text += "{\(pairs.joined(separator: ","))}" }
    text += " \(value)\n"
  }

  /// Backslash and line feed, and in label values the quotation mark too.
  static func escaped(_ text: String, quotes: Bool) -> String {
    let special: Set<UInt8> = [UInt8(ascii: "\\"), UInt8(ascii: "\n"), UInt8(ascii: "\"")]
    guard text.utf8.contains(where: { special.contains($0) }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The shortest text that reads back as the same number; whole numbers without a point.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    // Up to 2^53 every whole number is exact.
    if value == value.rounded(), abs(value) <= 0x1p53 { return "\(Int64(value))" }
    return "\(value)"
  }
}
