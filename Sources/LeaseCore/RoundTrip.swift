/// How long the coordinator takes to answer a commit, averaged so that each answer counts a fifth.
public struct RoundTrip: Sendable, Equatable {
  static let weightOfLatest = 0.2

  /// 0 before the first answer.
  public private(set) var milliseconds: Double = 0
  private var isKnown = false

  public init() {}

  public mutating func add(milliseconds latest: Int64) {
    let latest = Double(max(0, latest))
    milliseconds =
      isKnown ? milliseconds + Self.weightOfLatest * (latest - milliseconds) : latest
    isKnown = true
  }
}
