import NIOCore
import Testing

@testable import SerialAPI

/// Conversations with the machine: what comes in, what it wants done. No channel, no clock.
@Suite struct ConnectionMachineTests {
  static let limits = ConnectionMachine.Limits(
    head: .seconds(10), body: .seconds(20), idle: .seconds(60), write: .seconds(5),
    linger: .seconds(3), shutdown: .seconds(30), bodyBytes: 1000, lingerBytes: 100)

  var machine: ConnectionMachine

  init() { machine = ConnectionMachine(limits: Self.limits, now: Self.at(0)) }

  static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

  func at(_ seconds: Int64) -> NIODeadline { Self.at(seconds) }

  mutating func head(
    at seconds: Int64, expects: Bool = false, length: Int? = nil, closes: Bool = false
  ) -> ConnectionMachine.Action {
    machine.requestHead(
      expectsContinue: expects, length: length, closes: closes, now: at(seconds))
  }

  @Test mutating func aRequestAndTheNext() {
    #expect(machine.deadline == at(10))
    #expect(machine.bytesArrived(count: 5, now: at(4)) == .nothing)
    #expect(machine.deadline == at(14))
    #expect(machine.bytesArrived(count: 5, now: at(9)) == .nothing)
    #expect(machine.deadline == at(14), "more bytes do not buy more time")
    #expect(head(at: 9) == .pass)
    #expect(machine.deadline == at(29))
    #expect(machine.requestBody(bytes: 10) == .pass)
    #expect(machine.requestEnd(now: at(10)) == .pass)
    #expect(machine.deadline == nil, "the node's own time is not the client's")
    #expect(machine.responseHead(closes: false, now: at(100)) == .pass)
    #expect(machine.deadline == at(105))
    #expect(machine.responseEnd(now: at(101)) == .pass)
    #expect(machine.deadline == at(161))
    #expect(machine.bytesArrived(count: 1, now: at(150)) == .nothing)
    #expect(machine.deadline == at(160))
    #expect(head(at: 151) == .pass)
  }

  @Test mutating func silenceIsClosedAndSlownessIsAnswered() {
    #expect(machine.expire(now: at(9)) == .nothing)
    #expect(machine.expire(now: at(10)) == .close)
    #expect(machine.deadline == nil)
    var slow = ConnectionMachine(limits: Self.limits, now: at(0))
    _ = slow.bytesArrived(count: 1, now: at(1))
    #expect(slow.expire(now: at(11)) == .refuse(.tooSlow))
    #expect(slow.deadline == at(14))
    #expect(slow.expire(now: at(14)) == .close)
  }

  @Test mutating func aSlowBody() {
    _ = head(at: 0)
    _ = machine.requestBody(bytes: 1)
    #expect(machine.expire(now: at(20)) == .refuse(.tooSlow))
    #expect(!machine.mayAnswer)
    #expect(machine.responseHead(closes: false, now: at(21)) == .drop)
    #expect(machine.responseEnd(now: at(21)) == .drop)
    #expect(machine.requestBody(bytes: 1) == .drop)
    #expect(machine.requestEnd(now: at(22)) == .close)
  }

  @Test mutating func anIdleConnectionIsClosed() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    _ = machine.responseHead(closes: false, now: at(1))
    _ = machine.responseEnd(now: at(1))
    #expect(machine.expire(now: at(61)) == .close)
  }

  @Test mutating func aClientThatDoesNotRead() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    _ = machine.responseHead(closes: false, now: at(1))
    #expect(machine.expire(now: at(6)) == .close)
  }

  @Test mutating func continuesOnlyWhatItWouldRead() {
    #expect(head(at: 0, expects: true, length: 1000) == .passAndContinue)
    for length in [1001, 10_000_000] {
      var other = ConnectionMachine(limits: Self.limits, now: at(0))
      #expect(
        other.requestHead(expectsContinue: true, length: length, closes: false, now: at(0)) == .pass
      )
    }
  }

  @Test mutating func aRouteMayTakeMoreAndGivesItTime() {
    let mebibyte = 1024 * 1024
    #expect(
      machine.requestHead(
        expectsContinue: true, length: 36 * mebibyte, bodyBytes: 36 * mebibyte, closes: false,
        now: at(0)) == .passAndContinue)
    #expect(machine.deadline == at(56))
    var longer = ConnectionMachine(limits: Self.limits, now: at(0))
    #expect(
      longer.requestHead(
        expectsContinue: true, length: .max, bodyBytes: 2 * mebibyte, closes: false, now: at(0))
        == .pass)
    #expect(longer.deadline == at(22), "what is not read buys no time")
    var negative = ConnectionMachine(limits: Self.limits, now: at(0))
    _ = negative.requestHead(expectsContinue: false, length: .min, closes: false, now: at(0))
    #expect(negative.deadline == at(20))
  }

  @Test mutating func anAnswerThatEndsTheConnection() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    #expect(machine.responseHead(closes: true, now: at(1)) == .pass)
    #expect(machine.isLast)
    #expect(machine.responseEnd(now: at(1)) == .passAndClose)
    #expect(head(at: 2) == .drop)
  }

  @Test mutating func aClientThatWantsTheConnectionToEnd() {
    _ = head(at: 0, closes: true)
    #expect(machine.isLast)
    #expect(head(at: 0) == .drop)
    _ = machine.requestEnd(now: at(0))
    _ = machine.responseHead(closes: false, now: at(1))
    #expect(machine.responseEnd(now: at(1)) == .passAndClose)
  }

  @Test mutating func theLastOfSeveralEndsTheConnection() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    _ = head(at: 0, closes: true)
    _ = machine.requestEnd(now: at(0))
    #expect(!machine.isLast)
    _ = machine.responseHead(closes: false, now: at(1))
    #expect(machine.responseEnd(now: at(1)) == .pass)
    #expect(machine.isLast)
    _ = machine.responseHead(closes: false, now: at(1))
    #expect(machine.responseEnd(now: at(1)) == .passAndClose)
  }

  @Test mutating func aRefusalEndsTheConnectionForTheRequestsBehindIt() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    _ = machine.responseHead(closes: true, now: at(1))
    #expect(machine.responseEnd(now: at(1)) == .passAndClose)
    #expect(machine.responseHead(closes: false, now: at(1)) == .drop)
  }

  @Test mutating func lingersForTheRestOfARefusedBody() {
    _ = head(at: 0, length: 10_000)
    _ = machine.requestBody(bytes: 10)
    _ = machine.responseHead(closes: true, now: at(1))
    #expect(machine.responseEnd(now: at(1)) == .passAndLinger)
    #expect(machine.deadline == at(4))
    #expect(machine.bytesArrived(count: 100, now: at(2)) == .nothing)
    #expect(machine.requestBody(bytes: 100) == .drop)
    #expect(machine.deadline == at(4), "what is thrown away buys no time")
    #expect(machine.bytesArrived(count: 1, now: at(2)) == .close)
    #expect(machine.requestBody(bytes: 1) == .drop)
  }

  @Test mutating func anEarlyAnswerWithoutClosing() {
    _ = head(at: 0)
    _ = machine.responseHead(closes: false, now: at(1))
    #expect(machine.responseEnd(now: at(1)) == .pass)
    #expect(machine.deadline == at(21))
    #expect(machine.requestBody(bytes: 100) == .pass)
    #expect(machine.requestBody(bytes: 1) == .close)
  }

  @Test mutating func anEarlyAnswerAndThenTheNextRequest() {
    _ = head(at: 0)
    _ = machine.responseHead(closes: false, now: at(1))
    _ = machine.responseEnd(now: at(1))
    #expect(machine.requestEnd(now: at(2)) == .pass)
    #expect(machine.deadline == at(62))
    #expect(head(at: 3) == .pass)
    #expect(machine.deadline == at(23))
  }

  @Test mutating func whatIsNotHTTP() {
    #expect(machine.broken(.malformed, now: at(1)) == .refuse(.malformed))
    #expect(machine.broken(.malformed, now: at(1)) == .nothing)
    var body = ConnectionMachine(limits: Self.limits, now: at(0))
    _ = body.requestHead(expectsContinue: false, length: nil, closes: false, now: at(0))
    #expect(body.broken(.malformed, now: at(1)) == .refuse(.malformed))
    #expect(body.responseHead(closes: false, now: at(1)) == .drop)
  }

  @Test mutating func earlierRequestsHaveTheirAnswersFirst() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    #expect(machine.broken(.headersTooLarge, now: at(1)) == .nothing)
    #expect(head(at: 1) == .drop)
    #expect(machine.responseHead(closes: false, now: at(2)) == .pass)
    #expect(machine.responseEnd(now: at(2)) == .passAndRefuse(.headersTooLarge))
    #expect(machine.deadline == at(5))
  }

  @Test mutating func aBrokenBodyBehindAnotherRequest() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    _ = head(at: 0)
    #expect(machine.broken(.malformed, now: at(1)) == .nothing)
    _ = machine.responseHead(closes: false, now: at(2))
    #expect(machine.responseEnd(now: at(2)) == .passAndRefuse(.malformed))
    #expect(machine.responseHead(closes: false, now: at(3)) == .drop)
  }

  @Test mutating func aBodyThatBreaksUnderItsAnswer() {
    _ = head(at: 0)
    _ = machine.responseHead(closes: false, now: at(1))
    #expect(machine.broken(.malformed, now: at(1)) == .nothing)
    #expect(machine.responseEnd(now: at(2)) == .passAndClose)
    var answered = ConnectionMachine(limits: Self.limits, now: at(0))
    _ = answered.requestHead(expectsContinue: false, length: nil, closes: false, now: at(0))
    _ = answered.responseHead(closes: false, now: at(1))
    _ = answered.responseEnd(now: at(1))
    #expect(answered.broken(.malformed, now: at(2)) == .close)
  }

  @Test mutating func pipelinedRequests() {
    _ = head(at: 0)
    _ = machine.requestEnd(now: at(0))
    #expect(head(at: 1) == .pass)
    #expect(machine.deadline == nil, "the second waits for us, not for the client")
    _ = machine.responseHead(closes: false, now: at(2))
    #expect(machine.responseEnd(now: at(2)) == .pass)
    #expect(machine.deadline == at(22), "now its body has its time")
    #expect(machine.requestEnd(now: at(3)) == .pass)
    #expect(machine.deadline == nil)
  }

  @Test mutating func aClientThatLeaves() {
    let (waiting, action) = machine.inputClosed()
    #expect(!waiting && action == .close)
    var open = ConnectionMachine(limits: Self.limits, now: at(0))
    _ = open.requestHead(expectsContinue: false, length: nil, closes: false, now: at(0))
    _ = open.requestEnd(now: at(0))
    let (isWaiting, then) = open.inputClosed()
    #expect(isWaiting && then == .nothing)
    // It may have closed one half only: it gets its answer.
    _ = open.responseHead(closes: false, now: at(1))
    #expect(open.responseEnd(now: at(1)) == .passAndClose)
  }

  @Test mutating func shutdown() {
    #expect(machine.quiesce(now: at(1)) == .close)
    var open = ConnectionMachine(limits: Self.limits, now: at(0))
    _ = open.requestHead(expectsContinue: false, length: nil, closes: false, now: at(0))
    _ = open.requestEnd(now: at(0))
    #expect(open.quiesce(now: at(1)) == .nothing)
    #expect(open.deadline == at(31))
    _ = open.responseHead(closes: false, now: at(30))
    #expect(open.deadline == at(31))
    #expect(open.responseEnd(now: at(30)) == .passAndClose)
    var stuck = ConnectionMachine(limits: Self.limits, now: at(0))
    _ = stuck.requestHead(expectsContinue: false, length: nil, closes: false, now: at(0))
    _ = stuck.requestEnd(now: at(0))
    _ = stuck.quiesce(now: at(1))
    #expect(stuck.expire(now: at(31)) == .close)
  }

  /// Every event in every state that short conversations reach: nothing traps, and a machine that
  /// wanted its connection closed says no more.
  @Test func survivesEveryConversation() {
    var random = SeededRandom(seed: 0xC0DE)
    for _ in 0..<20_000 {
      var machine = ConnectionMachine(limits: Self.limits, now: at(0))
      var now: Int64 = 0
      var isClosed = false
      for _ in 0..<Int.random(in: 1...14, using: &random) {
        now += Int64.random(in: 0...15, using: &random)
        let action = Self.step(&machine, at(now), &random)
        if isClosed { #expect([.nothing, .drop, .close].contains(action)) }
        if action == .close || action == .passAndClose { isClosed = true }
        if isClosed { #expect(machine.deadline == nil && !machine.mayAnswer) }
        if let deadline = machine.deadline { #expect(deadline <= at(now) + .seconds(60)) }
      }
    }
  }

  private static func step(
    _ machine: inout ConnectionMachine, _ now: NIODeadline, _ random: inout SeededRandom
  ) -> ConnectionMachine.Action {
    let flag = Bool.random(using: &random)
    switch Int.random(in: 0...9, using: &random) {
    case 0: return machine.bytesArrived(count: 60, now: now)
    case 1, 2:
      return machine.requestHead(expectsContinue: flag, length: nil, closes: flag, now: now)
    case 3: return machine.requestBody(bytes: 60)
    case 4: return machine.requestEnd(now: now)
    case 5: return machine.responseHead(closes: flag, now: now)
    case 6: return machine.responseEnd(now: now)
    case 7: return machine.broken(.malformed, now: now)
    case 8: return flag ? machine.inputClosed().action : machine.quiesce(now: now)
    default: return machine.expire(now: now)
    }
  }
}
