/// What is known beforehand of metrics: their help and, of histograms, the bounds of the buckets.
public struct Catalogue: Sendable {
  private var helps: [String: String] = [:]
  private var bounds: [String: [Double]] = [:]

  /// Bounds for histograms that were given none: 5 milliseconds to 10 seconds, as is usual.
  public static let commonBounds = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  /// Bounds for what should take milliseconds, in seconds: 0.0005 to 10.
  public static let secondsBounds = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  /// Bounds for sizes: the powers of two from 1 to 1024.
  public static let sizeBounds = (0...10).map { Double(1 << $0) }

  public init() {}

  /// Describes a metric. `bounds` are upper bounds of buckets in the metric's unit; they must rise
  /// and be finite, which is checked with a precondition: they are constants of a program.
  public mutating func describe(_ name: String, _ help: String, bounds: [Double]? = nil) {
    precondition(Name.metric(name) == name, "\(name) is not a name of a metric")
    helps[name] = help
    guard let bounds else { return }
    precondition(!bounds.isEmpty && bounds.allSatisfy(\.isFinite), "bounds of \(name) are finite")
    precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds of \(name) rise")
    self.bounds[name] = bounds
  }

  func help(for name: String) -> String? { helps[name] }

  func bounds(for name: String) -> [Double] { bounds[name] ?? Self.commonBounds }
}
