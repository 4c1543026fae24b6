import ChaosVerdict

/// The common axis of all charts: where a moment stands, and the buckets that requests are counted in.
struct Timescale {
  /// Of the plots' coordinates.
  static let width = 1_200.0

  /// Microseconds.
  let length: Int
  let bucket: Int
  private let step: Int

  init(length: Int) {
    let length = max(length, 100_000)
    self.length = length
    func fitting(_ most: Int) -> Int {
      let steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400]
        .map { Int($0 * 1_000_000) }
      return steps.first { length / $0 <= most } ?? length / most
    }
    bucket = fitting(240)
    step = fitting(12)
  }

  var count: Int { (length + bucket - 1) / bucket }
  var bucketSeconds: Double { Double(bucket) / 1_000_000 }

  /// The bucket of a moment; moments outside of the run are in the first or the last.
  func place(of time: Int) -> Int { max(0, min(count - 1, time / bucket)) }

  func start(of place: Int) -> Int { place * bucket }

  /// In the plots' coordinates.
  func x(_ time: Int) -> Double {
    Double(max(0, min(length, time))) / Double(length) * Self.width
  }

  /// As a part of the plots' width.
  func percent(_ time: Int) -> String {
    Figures.fixed(x(time) / Self.width * 100, 2)
  }

  /// Moments to name.
  var ticks: [(time: Int, label: String)] {
    stride(from: 0, through: length, by: step).map { ($0, Self.label($0, step: step)) }
  }

  private static func label(_ time: Int, step: Int) -> String {
    let second = 1_000_000
    if step >= 60 * second { return "\(time / 60 / second) min" }
    if step >= second { return "\(time / second) s" }
    return "\(Figures.fixed(Double(time) / Double(second), 1)) s"
  }
}
