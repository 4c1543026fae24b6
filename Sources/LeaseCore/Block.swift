import SerialFormat

/// A contiguous range of numbers of one counter: never empty, never outside 1...99,999.
///
/// This is the only type that does arithmetic on ranges of numbers.
public struct Block: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The lowest number, 1...99,999.
  public let first: Int
  /// The highest number, `first`...99,999.
  public let last: Int

  /// Nil when the range would be empty or would leave 1...99,999.
  public init?(first: Int, last: Int) {
    guard first >= 1, first <= last, last <= Capacity.counter else { return nil }
    self.first = first
    self.last = last
  }

  /// `count` numbers from `first` on, or as many of them as the capacity leaves; nil for none.
  public init?(first: Int, count: Int) {
    guard first >= 1, first <= Capacity.counter, count >= 1 else { return nil }
    let room = Capacity.counter - first + 1
    self.init(first: first, last: first + min(count, room) - 1)
  }

  public var count: Int { last - first + 1 }

  public func contains(_ number: Int) -> Bool { first <= number && number <= last }

  public func overlaps(_ other: Block) -> Bool { first <= other.last && other.first <= last }

  /// The lowest `count` numbers, and what is left; nil for a count below 1.
  public func split(taking count: Int) -> (taken: Block, rest: Block?)? {
    guard count >= 1 else { return nil }
    guard count < self.count, let taken = Block(first: first, last: first + count - 1) else {
      return (self, nil)
    }
    return (taken, Block(first: taken.last + 1, last: last))
  }

  /// The part above `number`; nil when nothing is.
  public func above(_ number: Int) -> Block? { Block(first: max(first, number + 1), last: last) }

  /// What is left of it without some numbers, in ascending blocks.
  public func without(_ numbers: Set<Int>) -> [Block] {
    var rest: [Block] = []
    var first = self.first
    for number in numbers.sorted() where contains(number) {
      if let below = Block(first: first, last: number - 1) { rest.append(below) }
      first = number + 1
    }
    if let above = Block(first: first, last: last) { rest.append(above) }
    return rest
  }

  /// Both as one block when they touch without overlapping; nil otherwise.
  public func joined(_ other: Block) -> Block? {
    if last + 1 == other.first { return Block(first: first, last: other.last) }
    if other.last + 1 == first { return Block(first: other.first, last: last) }
    return nil
  }

  /// Every number, in order.
  public var numbers: ClosedRange<Int> { first...last }

  /// By first number, then by last.
  public static func < (left: Block, right: Block) -> Bool {
    (left.first, left.last) < (right.first, right.last)
  }

  public var description: String { first == last ? "\(first)" : "\(first)...\(last)" }
}
