/// One event of a schedule. It names processes and their messages by numbers that are taken modulo
/// what is there, so that it still means something when other steps are left out.
public enum Step: Sendable, Equatable {
  /// A caller asks a process for numbers.
  case request(process: Int, count: Int)
  /// One of nine requests that are repeated under their keys, at any process.
  case keyed(process: Int, key: Int)
  /// A caller asks for numbers with records. A bad one makes the coordinator refuse the request.
  case record(process: Int, count: Int, isBad: Bool)
  /// One of nine requests with records that are repeated under their keys.
  case keyedRecord(process: Int, key: Int)
  /// An application inserts a row with a number that is issued and that no record carries.
  case insertRow(offset: Int)
  /// One of the messages of a process, on its way there or back, meets its fate.
  case deliver(process: Int, message: Int, fate: Fate)
  /// Time passes for everybody, in milliseconds.
  case pass(milliseconds: Int)
  case renew(process: Int)
  /// A process ends without a word, and another starts in its place.
  case crash(process: Int)
  /// A process stands still: its timers, what it sends, what it hears.
  case pause(process: Int)
  /// It goes on with the memory that it had.
  case resume(process: Int)
  /// A process is told to end: it answers whom it has accepted and gives everything back.
  case drain(process: Int)
  /// Another process is started under the name of a node whose process still runs.
  case replace(process: Int)
  /// A process loses its way to the coordinator, or finds it again.
  case leave(process: Int)
  case comeBack(process: Int)
  /// The coordinator's clock jumps, in seconds; back when negative.
  case clock(seconds: Int)
  /// Expired leases are closed.
  case reap
}

/// What the network does to a message.
public enum Fate: String, Sendable, CaseIterable {
  /// It arrives and is answered at once.
  case arrives
  /// It arrives; the answer is a message of its own.
  case answeredLater = "answered-later"
  /// The sender gives up; it never arrives.
  case lost
  /// The sender gives up; it arrives later, or never.
  case late
  /// It arrives and is answered; a copy arrives later, unless it was a commit that was refused.
  case doubled
  /// It arrives; the answer is lost and the sender gives up.
  case unanswered
}

extension Step: CustomStringConvertible {
  public var description: String {
    switch self {
    case .request(let process, let count): "request \(process) count \(count)"
    case .keyed(let process, let key): "keyed \(process) key \(key)"
    case .record(let process, let count, let isBad):
      "record \(process) count \(count)\(isBad ? " bad" : "")"
    case .keyedRecord(let process, let key): "record \(process) key \(key)"
    case .insertRow(let offset): "insert-row \(offset)"
    case .deliver(let process, let message, let fate):
      "message \(message) of \(process) \(fate.rawValue)"
    case .pass(let milliseconds): "pass \(milliseconds) ms"
    case .renew(let process): "renew \(process)"
    case .crash(let process): "crash \(process)"
    case .pause(let process): "pause \(process)"
    case .resume(let process): "resume \(process)"
    case .drain(let process): "drain \(process)"
    case .replace(let process): "replace \(process)"
    case .leave(let process): "leave \(process)"
    case .comeBack(let process): "come-back \(process)"
    case .clock(let seconds): "clock \(seconds) s"
    case .reap: "reap"
    }
  }
}

extension Step {
  /// The next step of a random schedule.
  static func draw(_ random: inout SeededGenerator) -> Step {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let process = number(0...11)
    switch number(0...199) {
    case 0..<26: return .request(process: process, count: number(1...6))
    case 26..<32:
      return .record(process: process, count: number(1...4), isBad: number(0...6) == 0)
    case 32..<34: return .keyedRecord(process: process, key: number(1...9))
    case 34..<40: return .keyed(process: process, key: number(1...9))
    case 40..<42: return .insertRow(offset: number(0...99))
    case 42..<150:
      return .deliver(process: process, message: number(0...11), fate: Fate.draw(&random))
    case 150: return .drain(process: process)
    case 151..<168: return .pass(milliseconds: number(1...400))
    case 168..<176: return .renew(process: process)
    case 176..<182: return .pass(milliseconds: number(1_000...20_000))
    case 182..<184: return .reap
    case 184..<186: return .leave(process: process)
    case 186..<189: return .comeBack(process: process)
    case 189..<192: return .crash(process: process)
    case 192..<194: return .pause(process: process)
    case 194..<197: return .resume(process: process)
    case 197: return .replace(process: process)
    case 198: return .clock(seconds: number(1...1_200))
    default: return .clock(seconds: number(-60...60))
    }
  }
}

extension Fate {
  static func draw(_ random: inout SeededGenerator) -> Fate {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<58: .arrives
    case 58..<70: .answeredLater
    case 70..<75: .lost
    case 75..<84: .late
    case 84..<90: .doubled
    default: .unanswered
    }
  }
}
