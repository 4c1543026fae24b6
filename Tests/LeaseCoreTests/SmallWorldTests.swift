import LeaseCore
import Testing

/// A coordinator of a few numbers: nothing but `Block` and `BlockSizing.granted`.
private struct LittleCoordinator {
  let capacity: Int
  var free: [Block]
  var leased: [Block] = []
  var issued: [Block] = []

  init(capacity: Int) {
    self.capacity = capacity
    free = [block(1, capacity)]
  }

  var freeCount: Int { free.reduce(0) { $0 + $1.count } }

  /// The lowest free numbers, in as many blocks as that takes.
  mutating func grant(wanted: Int, needed: Int, liveNodes: Int) -> [Block] {
    var missing = BlockSizing.granted(
      wanted: wanted, needed: needed, free: freeCount, liveNodes: liveNodes)
    var granted: [Block] = []
    while missing > 0, let lowest = free.first, let split = lowest.split(taking: missing) {
      free.removeFirst()
      if let rest = split.rest { free.insert(rest, at: 0) }
      granted.append(split.taken)
      missing -= split.taken.count
    }
    leased += granted
    return granted
  }

  /// Keeps the lowest `count` of a lease as issued, and takes the others back.
  mutating func close(_ lease: Block, issuing count: Int) {
    leased.removeAll { $0 == lease }
    if let split = lease.split(taking: count) { issued.append(split.taken) }
    guard let back = lease.above(lease.first + count - 1) else { return }
    var joined = back
    free.removeAll { neighbour in
      guard let both = joined.joined(neighbour) else { return false }
      joined = both
      return true
    }
    free = (free + [joined]).sorted()
  }

  /// How often each number is somewhere; rule 1 says once.
  var places: [Int] {
    var places = [Int](repeating: 0, count: capacity)
    for number in (free + leased + issued).flatMap(\.numbers) { places[number - 1] += 1 }
    return places
  }
}

/// Every capacity up to 40 with every step up to 12. Most steps do not divide the capacity, and
/// most worlds do not begin on a multiple of one.
struct SmallWorldTests {
  @Test(arguments: 1...12)
  func everyNumberIsGrantedOnceAndTheLastBlockIsShort(step: Int) {
    for capacity in 1...40 {
      var world = LittleCoordinator(capacity: capacity)
      var sizes: [Int] = []
      var granted: Set<Int> = []
      while world.freeCount > 0 {
        let blocks = world.grant(wanted: step, needed: step, liveNodes: 3)
        #expect(blocks.count == 1)
        sizes += blocks.map(\.count)
        for number in blocks.flatMap(\.numbers) {
          #expect(granted.insert(number).inserted, "\(number) of \(capacity) in steps of \(step)")
        }
      }
      let short = capacity % step
      #expect(granted == Set(1...capacity))
      #expect(
        sizes
          == Array(repeating: step, count: capacity / step) + (short == 0 ? [] : [short]))
      #expect(world.grant(wanted: step, needed: 1, liveNodes: 1).isEmpty)
    }
  }

  /// One to three nodes, each lease closed after part of it was issued: what comes back is granted
  /// again, and in the end everything is issued.
  @Test(arguments: 1...12)
  func thePartitionHoldsWhateverComesBack(step: Int) async {
    for capacity in 1...40 {
      await Task.yield()
      for liveNodes in 1...3 {
        for issuing in 0...step {
          var world = LittleCoordinator(capacity: capacity)
          var open: [Block] = []
          var turns = 0
          while world.issued.reduce(0, { $0 + $1.count }) < capacity, turns < 1_000 {
            turns += 1
            open += world.grant(wanted: step, needed: 1, liveNodes: liveNodes)
            #expect(world.places.allSatisfy { $0 == 1 })
            // as many leases are open as there are nodes; the oldest is closed
            guard open.count >= liveNodes || world.freeCount == 0 else { continue }
            let lease = open.removeFirst()
            // what issues nothing would never end: every third lease is used up
            world.close(lease, issuing: turns % 3 == 0 ? lease.count : min(issuing, lease.count))
            #expect(world.places.allSatisfy { $0 == 1 })
          }
          #expect(
            world.issued.flatMap(\.numbers).sorted() == Array(1...capacity),
            "\(capacity) numbers, steps of \(step), \(liveNodes) nodes, \(issuing) of each issued")
          #expect(world.free.isEmpty)
          #expect(world.leased.isEmpty)
        }
      }
    }
  }
}
