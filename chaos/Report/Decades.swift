import Foundation

/// Powers of ten, for a logarithmic scale of milliseconds.
enum Decades {
  /// Those around positive values; at least one decade.
  static func around(_ values: [Double]) -> (bottom: Int, top: Int) {
    let bottom = max(-3, Int(log10(values.min() ?? 1).rounded(.down)))
    return (bottom, max(bottom + 1, Int(log10(values.max() ?? 10).rounded(.up))))
  }

  static func power(_ decade: Int) -> Double { pow(10, Double(decade)) }

  /// Where a value stands between two decades, 0 to 1; outside of them at the nearer one.
  static func place(_ value: Double, _ bottom: Int, _ top: Int) -> Double {
    let bounded = min(max(value, power(bottom)), power(top))
    return (log10(bounded) - Double(bottom)) / Double(top - bottom)
  }

  /// Of so many milliseconds.
  static func name(_ decade: Int) -> String {
    switch decade {
    case ..<0: "0." + String(repeating: "0", count: -decade - 1) + "1 ms"
    case 0..<3: "1" + String(repeating: "0", count: decade) + " ms"
    default: "1" + String(repeating: "0", count: decade - 3) + " s"
    }
  }
}
