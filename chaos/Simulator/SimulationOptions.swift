/// The world that a schedule runs in. All of it follows from the seed.
public struct SimulationOptions: Sendable, Equatable, CustomStringConvertible {
  public let seed: UInt64
  /// Nodes, each with one process at a time unless a second one is started beside it.
  public let nodes: Int
  /// Numbers that are left of the counter when the simulation starts: the end is always near.
  public let left: Int
  /// Commit-ahead: the floor, and the most that the measured rate may ask for.
  public let aheadFloor: Int
  public let aheadLargest: Int
  /// Steps with faults.
  public let steps: Int
  /// How the coordinator is restored after them; nil when it is not.
  public let restore: Restore?

  /// It comes back as it was at an earlier moment, and grants nothing.
  public struct Restore: Sendable, Equatable {
    /// The step before which its state was saved.
    public let savedBefore: Int
    /// Its clock is so many seconds behind what it was then.
    public let clockBehind: Int
  }

  /// Draws them: half of the seeds with a floor of commit-ahead, a third with an adaptive one.
  public init(seed: UInt64) {
    var random = SeededGenerator(seed: seed ^ 0x6F70_7469_6F6E_73)
    self.seed = seed
    nodes = Int.random(in: 2...3, using: &random)
    left = Int.random(in: 6...40, using: &random)
    aheadFloor = Bool.random(using: &random) ? 0 : Int.random(in: 1...7, using: &random)
    aheadLargest = Int.random(in: 0..<3, using: &random) == 0 ? 12 : 0
    // One in six is long: what needs many coincidences is found there.
    let isLong = Int.random(in: 0..<6, using: &random) == 0
    let steps = Int.random(in: isLong ? 100...300 : 30...100, using: &random)
    self.steps = steps
    let isRestored = Int.random(in: 0..<5, using: &random) == 0
    restore =
      isRestored
      ? Restore(
        savedBefore: Int.random(in: 0..<steps, using: &random),
        clockBehind: Int.random(in: 0...60, using: &random)) : nil
  }

  public var description: String {
    "seed \(seed): \(nodes) nodes, \(left) numbers left, commit-ahead from \(aheadFloor) to "
      + "\(max(aheadFloor, aheadLargest)), \(steps) steps"
      + (restore.map { ", restored from step \($0.savedBefore), clock behind \($0.clockBehind) s" }
        ?? "")
  }
}
