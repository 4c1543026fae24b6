import Testing

@testable import LibPQ

/// Conversations: an event goes in, the actions that are expected come out.
@Suite struct PoolStateMachineTests {
  private let refused = LibPQError(.connectFailed, "refused")
  private let late = LibPQError(.poolTimeout, "late")

  private func pool(size: Int = 2, waitersLimit: Int = 8) -> PoolStateMachine {
    PoolStateMachine(size: size, waitersLimit: waitersLimit)
  }

  /// One connection, idle.
  private func connectedPool(size: Int = 2) -> PoolStateMachine {
    var pool = pool(size: size)
    #expect(pool.acquire(1) == [.connect(1)])
    #expect(pool.connected(1) == [.report(.up), .lease(1, to: 1)])
    #expect(pool.released(1, isUsable: true) == [])
    return pool
  }

  @Test func connectsOnlyWhenSomeoneAsks() {
    var pool = connectedPool()
    #expect(pool.acquire(2) == [.lease(1, to: 2)])
    #expect(pool.acquire(3) == [.connect(2)])
    #expect(pool.connected(2) == [.lease(2, to: 3)])
    // The pool is at its size.
    #expect(pool.acquire(4) == [])
    #expect(pool.released(1, isUsable: true) == [.lease(1, to: 4)])
  }

  @Test func waitersAreServedInOrder() {
    var pool = pool(size: 1)
    #expect(pool.acquire(1) == [.connect(1)])
    #expect(pool.acquire(2) == [])
    #expect(pool.acquire(3) == [])
    #expect(pool.connected(1) == [.report(.up), .lease(1, to: 1)])
    #expect(pool.released(1, isUsable: true) == [.lease(1, to: 2)])
    #expect(pool.released(1, isUsable: true) == [.lease(1, to: 3)])
  }

  @Test func queueIsBounded() {
    var pool = pool(size: 1, waitersLimit: 1)
    #expect(pool.acquire(1) == [.connect(1)])
    let full = LibPQError(.poolClosed, "1 others wait already")
    #expect(pool.acquire(2) == [.fail(2, full)])
  }

  @Test func whoGivesUpIsForgotten() {
    var pool = pool(size: 1)
    #expect(pool.acquire(1) == [.connect(1)])
    #expect(pool.giveUp(1, late) == [.fail(1, late)])
    #expect(pool.giveUp(1, late) == [])
    #expect(pool.connected(1) == [.report(.up)])
    #expect(pool.acquire(2) == [.lease(1, to: 2)])
    // It has its connection: too late to give up.
    #expect(pool.giveUp(2, late) == [])
  }

  @Test func unreachableServerFailsEverybodyAtOnce() {
    var pool = pool()
    #expect(pool.acquire(1) == [.connect(1)])
    #expect(pool.acquire(2) == [.connect(2)])
    #expect(
      pool.connectFailed(1, refused) == [
        .report(.down(refused)), .fail(1, refused), .fail(2, refused), .scheduleRetry(attempt: 1),
      ])
    #expect(pool.connectFailed(2, refused) == [])
    #expect(pool.acquire(3) == [.fail(3, refused)])
    #expect(pool.retryIsDue() == [.connect(3)])
    // Still down while the attempt is under way.
    #expect(pool.acquire(4) == [.fail(4, refused)])
    let other = LibPQError(.tlsRefused, "other")
    #expect(pool.connectFailed(3, other) == [.report(.down(other)), .scheduleRetry(attempt: 2)])
    #expect(pool.acquire(5) == [.fail(5, other)])
    #expect(pool.retryIsDue() == [.connect(4)])
    #expect(pool.connected(4) == [.report(.up)])
    #expect(pool.acquire(6) == [.lease(4, to: 6)])
  }

  @Test func attemptsAreCountedFromTheLastSuccess() {
    var pool = pool(size: 1)
    #expect(pool.acquire(1) == [.connect(1)])
    _ = pool.connectFailed(1, refused)
    #expect(pool.retryIsDue() == [.connect(2)])
    #expect(pool.connectFailed(2, refused) == [.scheduleRetry(attempt: 2)])
    #expect(pool.retryIsDue() == [.connect(3)])
    #expect(pool.connected(3) == [.report(.up)])
    #expect(pool.acquire(2) == [.lease(3, to: 2)])
    #expect(pool.released(3, isUsable: false) == [.close(3), .connect(4)])
    #expect(
      pool.connectFailed(4, refused) == [.report(.down(refused)), .scheduleRetry(attempt: 1)])
  }

  @Test func failureBesideALivingConnectionIsNotDown() {
    var pool = connectedPool()
    #expect(pool.acquire(2) == [.lease(1, to: 2)])
    #expect(pool.acquire(3) == [.connect(2)])
    #expect(pool.connectFailed(2, refused) == [.scheduleRetry(attempt: 1)])
    #expect(pool.state == .up)
    // The waiter gets the living one, and nobody hammers the server meanwhile.
    #expect(pool.acquire(4) == [])
    #expect(pool.released(1, isUsable: true) == [.lease(1, to: 3)])
    // When the living one breaks too, everybody is told.
    #expect(
      pool.released(1, isUsable: false) == [
        .close(1), .report(.down(refused)), .fail(4, refused),
      ])
    #expect(pool.retryIsDue() == [.connect(3)])
  }

  @Test func brokenConnectionIsReplacedForTheOneWhoWaits() {
    var pool = pool(size: 1)
    #expect(pool.acquire(1) == [.connect(1)])
    #expect(pool.connected(1) == [.report(.up), .lease(1, to: 1)])
    #expect(pool.acquire(2) == [])
    #expect(pool.released(1, isUsable: false) == [.close(1), .connect(2)])
    #expect(pool.connected(2) == [.lease(2, to: 2)])
  }

  @Test func retryIsNotNeededAfterASuccessElsewhere() {
    var pool = pool()
    #expect(pool.acquire(1) == [.connect(1)])
    #expect(pool.acquire(2) == [.connect(2)])
    _ = pool.connectFailed(1, refused)
    #expect(pool.connected(2) == [.report(.up)])
    #expect(pool.retryIsDue() == [])
  }

  @Test func shutDownWaitsForWhatIsOut() {
    var pool = connectedPool(size: 3)
    #expect(pool.acquire(2) == [.lease(1, to: 2)])
    #expect(pool.acquire(3) == [.connect(2)])
    #expect(
      pool.shutDown() == [.fail(3, PoolStateMachine.shutDownError), .report(.closed)])
    #expect(pool.shutDown() == [])
    #expect(pool.acquire(4) == [.fail(4, PoolStateMachine.shutDownError)])
    #expect(pool.retryIsDue() == [])
    #expect(pool.released(1, isUsable: true) == [.close(1)])
    #expect(pool.connected(2) == [.close(2), .drained])
  }

  @Test func shutDownClosesWhatIsIdle() {
    var pool = connectedPool()
    #expect(pool.shutDown() == [.close(1), .report(.closed), .drained])
    var empty = self.pool()
    #expect(empty.shutDown() == [.report(.closed), .drained])
    var connecting = self.pool()
    #expect(connecting.acquire(1) == [.connect(1)])
    _ = connecting.shutDown()
    #expect(connecting.connectFailed(1, refused) == [.drained])
  }

  /// Whatever happens in whatever order: never more connections than the size, every waiter gets
  /// one answer, and after the shutdown everything that was out has come back.
  @Test(arguments: 0..<200)
  func invariantsHoldInRandomConversations(_ seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    var pool = pool(size: Int.random(in: 1...3, using: &random), waitersLimit: 4)
    var world = PoolWorld()
    for waiter in 1...300 {
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        world.waiting.insert(waiter)
        world.apply(pool.acquire(waiter))
      case 2:
        if let id = world.connecting.randomElement(using: &random) {
          world.connecting.remove(id)
          world.open.insert(id)
          world.apply(pool.connected(id))
        }
      case 3:
        if let id = world.connecting.randomElement(using: &random) {
          world.connecting.remove(id)
          world.apply(pool.connectFailed(id, refused))
        }
      case 4:
        if let id = world.leased.randomElement(using: &random) {
          world.leased.remove(id)
          world.apply(pool.released(id, isUsable: Bool.random(using: &random)))
        }
      default:
        if world.retries > 0 {
          world.retries -= 1
          world.apply(pool.retryIsDue())
        }
      }
      #expect(world.open.count + world.connecting.count <= pool.size)
      #expect(world.retries <= 1)
      if case .down = pool.state { #expect(world.waiting.isEmpty) }
      // Nobody waits for nothing: something that is under way will bring an answer.
      if !world.waiting.isEmpty {
        #expect(!world.connecting.isEmpty || !world.leased.isEmpty || world.retries > 0)
      }
    }
    world.apply(pool.shutDown())
    for id in world.connecting {
      world.connecting.remove(id)
      world.apply(pool.connectFailed(id, refused))
    }
    for id in world.leased {
      world.leased.remove(id)
      world.apply(pool.released(id, isUsable: true))
    }
    #expect(world.open.isEmpty && world.waiting.isEmpty)
    #expect(world.drained == 1)
  }
}

/// What the actions have brought about.
private struct PoolWorld {
  var waiting: Set<Int> = []
  var connecting: Set<Int> = []
  var open: Set<Int> = []
  var leased: Set<Int> = []
  var retries = 0
  var drained = 0

  mutating func apply(_ actions: [PoolStateMachine.Action]) {
    for action in actions {
      switch action {
      case .lease(let id, let waiter):
        #expect(open.contains(id) && leased.insert(id).inserted)
        #expect(waiting.remove(waiter) != nil)
      case .fail(let waiter, _): #expect(waiting.remove(waiter) != nil)
      case .connect(let id): #expect(connecting.insert(id).inserted)
      case .scheduleRetry: retries += 1
      case .close(let id): #expect(open.remove(id) != nil && !leased.contains(id))
      case .report: break
      case .drained: drained += 1
      }
    }
  }
}

private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
