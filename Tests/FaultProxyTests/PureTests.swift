import NIOCore
import SeededRandom
import Testing

@testable import FaultProxy

/// The parts without sockets.
struct PureTests {
  /// Whatever the pieces, exactly the bytes before the cut pass, and the cut falls where it should.
  @Test(arguments: ByteCut.Edge.allCases)
  func aCutFallsAtItsByteHoweverTheBytesCome(edge: ByteCut.Edge) {
    for byte in 1...8 {
      for piece in 1...8 {
        let cut = ByteCut(edge, byte: byte, of: .toUpstream)
        var passed = 0
        var sent = 0
        while true {
          let (forward, cuts) = cut.judge(passed: passed, arriving: piece)
          passed += forward
          sent += piece
          if cuts { break }
          #expect(forward == piece)
          #expect(sent < byte || (edge == .before && sent == byte - 1))
        }
        #expect(
          passed == (edge == .before ? byte - 1 : byte), "\(edge) \(byte), pieces of \(piece)")
      }
    }
  }

  @Test func nothingOvertakesInALane() {
    var lane = Lane()
    let start = NIODeadline.uptimeNanoseconds(1_000)
    lane.append(.bytes(ByteBuffer(string: "ab")), due: start + .nanoseconds(50))
    lane.append(.bytes(ByteBuffer(string: "c")), due: start + .nanoseconds(10))
    lane.append(.end(.finish), due: start)
    #expect(lane.byteCount == 3)
    #expect(lane.next(at: start + .nanoseconds(49)) == nil)
    #expect(lane.nextDue == start + .nanoseconds(50))
    let later = start + .nanoseconds(50)
    #expect(lane.next(at: later) == .bytes(ByteBuffer(string: "ab")))
    #expect(lane.next(at: later) == .bytes(ByteBuffer(string: "c")))
    #expect(lane.next(at: later) == .end(.finish))
    #expect(lane.isEmpty)
    #expect(lane.hasEnd)
  }

  @Test func aHurriedLaneIsDueAtOnce() {
    var lane = Lane()
    let start = NIODeadline.uptimeNanoseconds(1_000)
    lane.append(.bytes(ByteBuffer(string: "ab")), due: start + .hours(1))
    lane.hurry()
    lane.append(.end(.reset), due: start)
    #expect(lane.next(at: start) == .bytes(ByteBuffer(string: "ab")))
    #expect(lane.next(at: start) == .end(.reset))
  }

  @Test func thePaceIsThatOfTheSeed() {
    func dues(seed: UInt64) -> [NIODeadline] {
      var generator = SeededGenerator(seed: seed)
      var pace = Pace()
      pace.shaping = Shaping(latencyMilliseconds: 10, jitterMilliseconds: 20)
      let now = NIODeadline.uptimeNanoseconds(0)
      return (0..<50).map { _ in pace.due(byteCount: 1, at: now, using: &generator) }
    }
    #expect(dues(seed: 7) == dues(seed: 7))
    #expect(dues(seed: 7) != dues(seed: 8))
    let latest = NIODeadline.uptimeNanoseconds(30_000_000)
    #expect(dues(seed: 7).allSatisfy { $0 >= .uptimeNanoseconds(10_000_000) && $0 <= latest })
  }

  @Test func aPieceWaitsForThoseBeforeIt() {
    var generator = SeededGenerator(seed: 1)
    var pace = Pace()
    pace.shaping = Shaping(bytesPerSecond: 1_000)
    #expect(pace.pieceBytes == 20)
    let now = NIODeadline.uptimeNanoseconds(0)
    #expect(pace.due(byteCount: 20, at: now, using: &generator) == now + .milliseconds(20))
    #expect(pace.due(byteCount: 10, at: now, using: &generator) == now + .milliseconds(30))
    let later = now + .milliseconds(100)
    #expect(pace.due(byteCount: 1, at: later, using: &generator) == later + .milliseconds(1))
  }
}
