import LeaseCore
import SerialFormat
import Testing

struct BlockTests {
  @Test func cannotBeEmptyOrLeaveTheCapacity() {
    #expect(Block(first: 0, last: 1) == nil)
    #expect(Block(first: 2, last: 1) == nil)
    #expect(Block(first: 99_999, last: 100_000) == nil)
    #expect(Block(first: -5, last: -1) == nil)
    #expect(Block(first: 1, count: 0) == nil)
    #expect(Block(first: 100_000, count: 1) == nil)
    #expect(Block(first: 1, last: 99_999)?.count == 99_999)
  }

  /// The last block is short: 99,999 is no multiple of these steps. Clamping one end only would
  /// hand numbers out twice.
  @Test(arguments: [1, 2, 7, 10, 64, 100, 250, 1000, 9999, 50_000])
  func stepsCoverTheCounterExactlyOnce(step: Int) {
    var next = 1
    var covered = 0
    while let block = Block(first: next, count: step) {
      #expect(block.first == next)
      #expect(block.last <= Capacity.counter)
      covered += block.count
      next = block.last + 1
    }
    #expect(covered == Capacity.counter)
    #expect(next == Capacity.counter + 1)
  }

  /// Every pair of blocks in a world of 12 numbers, against sets.
  @Test func arithmeticAgreesWithSets() throws {
    let blocks = (1...12).flatMap { first in
      (first...12).compactMap { Block(first: first, last: $0) }
    }
    #expect(blocks.count == 78)
    for left in blocks {
      for right in blocks {
        let both = Set(left.numbers).union(right.numbers)
        let touches = left.last + 1 == right.first || right.last + 1 == left.first
        #expect(left.overlaps(right) == !Set(left.numbers).isDisjoint(with: right.numbers))
        #expect((left.joined(right) != nil) == touches)
        if let joined = left.joined(right) { #expect(Set(joined.numbers) == both) }
      }
      for count in -1...14 {
        guard let split = left.split(taking: count) else {
          #expect(count < 1)
          continue
        }
        #expect(split.taken.count == min(count, left.count))
        let rest = split.rest.map { Set($0.numbers) } ?? []
        #expect(Set(split.taken.numbers).isDisjoint(with: rest))
        #expect(Set(split.taken.numbers).union(rest) == Set(left.numbers))
      }
      for number in -1...14 {
        let above = left.above(number).map { Set($0.numbers) } ?? []
        #expect(above == Set(left.numbers.filter { $0 > number }))
        #expect(left.contains(number) == left.numbers.contains(number))
      }
    }
  }
}

struct BlockSizingTests {
  @Test func asksForAHorizonButNeverForLessThanIsNeeded() {
    let sizing = BlockSizing(horizonMilliseconds: 10_000, largest: 500)
    #expect(sizing.wanted(ratePerSecond: 0, needed: 1) == 1)
    #expect(sizing.wanted(ratePerSecond: 0.01, needed: 1) == 1)
    #expect(sizing.wanted(ratePerSecond: 12.34, needed: 1) == 124)
    #expect(sizing.wanted(ratePerSecond: 1_000, needed: 1) == 500)
    #expect(sizing.wanted(ratePerSecond: 1_000, needed: 800) == 800)
    #expect(sizing.wanted(ratePerSecond: .infinity, needed: 3) == 3)
  }

  /// Every small world: a counter of up to 40 numbers, wishes of up to 12, up to 3 nodes. Grants
  /// never exceed what is free, never starve a request that could be served, and end at nothing.
  @Test func grantsAreExactInSmallWorlds() {
    for free in 0...40 {
      for wanted in 1...12 {
        for needed in 1...wanted {
          for nodes in 0...3 {
            let size = BlockSizing.granted(
              wanted: wanted, needed: needed, free: free, liveNodes: nodes)
            #expect(size <= free)
            #expect(size <= wanted)
            #expect(size >= min(needed, free))
            if size > needed { #expect(size * 4 * max(1, nodes) <= free) }
          }
        }
      }
    }
    for step in 1...12 {
      var free = 40
      var grants = 0
      while free > 0 {
        let size = BlockSizing.granted(wanted: step, needed: 1, free: free, liveNodes: 2)
        #expect(size >= 1)
        free -= size
        grants += size
      }
      #expect(grants == 40)
    }
  }

  @Test func theRateDecays() {
    var rate = DecayingRate(timeConstantMilliseconds: 10_000)
    #expect(rate.perSecond(at: Instant(milliseconds: 0)) == 0)
    for second in 0..<100 { rate.add(50, at: Instant(milliseconds: Int64(second) * 1000)) }
    let steady = rate.perSecond(at: Instant(milliseconds: 99_000))
    #expect(abs(steady - 50) < 5)
    let later = rate.perSecond(at: Instant(milliseconds: 109_000))
    #expect(abs(later / steady - 0.3679) < 0.001)
    // A clock that steps back changes nothing.
    #expect(rate.perSecond(at: Instant(milliseconds: 0)) == steady)
  }
}
