import NIOCore

/// What a connection waits for and until when, as a state machine: events and instants in, actions
/// out. It keeps slow, broken and vanished clients from holding a connection.
///
/// A request is read, then answered; several may be read ahead (pipelining), and answers come in
/// order. `open` counts the requests whose answer is not complete.
struct ConnectionMachine {
  struct Limits: Equatable {
    var head: TimeAmount
    var body: TimeAmount
    var idle: TimeAmount
    var write: TimeAmount
    var linger: TimeAmount
    var shutdown: TimeAmount
    var bodyBytes: Int
    var lingerBytes: Int
  }

  private static let mebibyte = 1024 * 1024

  /// Why a request is refused before any route sees it.
  enum Refusal: Equatable { case malformed, headersTooLarge, tooSlow }

  enum Action: Equatable {
    /// Pass the part on.
    case pass
    /// Throw the part away.
    case drop
    /// Pass it on, and tell the client to go ahead with the body.
    case passAndContinue
    /// Pass the end of an answer on, and close when it is written.
    case passAndClose
    /// Pass the end of an answer on, close the writing side, and read what still comes.
    case passAndLinger
    /// Pass the end of an answer on, then refuse the broken request behind it.
    case passAndRefuse(Refusal)
    /// Answer with a problem, close the writing side, and read what still comes.
    case refuse(Refusal)
    case close
    case nothing
  }

  private enum State {
    /// To `lingering` when an answer ended the connection, to `closed` in the end.
    case serving
    /// Answered for good; to `closed`.
    case lingering
    /// From here nowhere.
    case closed
  }

  private let limits: Limits
  private var state = State.serving
  private var open = 0
  /// Whether the request read last has not come to its end.
  private var isReading = false
  /// Whether the head of the answer to the first open request was written.
  private var isAnswering = false
  /// Whether a byte of the next head has come.
  private var isHeadBegun = false
  /// Whether the connection ends with the answer to the first open request, whatever follows it.
  private var isEnding = false
  /// Whether the request read last was announced as the last one.
  private var isAnnounced = false
  /// Bytes of a body that came after the answer.
  private var drained = 0
  private var pending: Refusal?
  private var step: NIODeadline?
  private var shutdown: NIODeadline?

  /// When `expire` wants to be called; nil for no time.
  var deadline: NIODeadline? {
    guard let step, let shutdown else { return step ?? shutdown }
    return min(step, shutdown)
  }

  /// Whether the connection ends with the answer at hand.
  var isLast: Bool { isEnding || (isAnnounced && open <= 1) }

  init(limits: Limits, now: NIODeadline) {
    self.limits = limits
    step = now + limits.head
  }

  // MARK: What the client sends

  /// Bytes came; of what is not known yet.
  mutating func bytesArrived(count: Int, now: NIODeadline) -> Action {
    switch state {
    case .closed: return .nothing
    case .lingering:
      drained += count
      return drained > limits.lingerBytes ? end() : .nothing
    case .serving:
      guard open == 0, !isReading, !isHeadBegun else { return .nothing }
      isHeadBegun = true
      step = now + limits.head
      return .nothing
    }
  }

  /// A head was read. `length` is the body's, where it is given; `bodyBytes` is the longest of its
  /// route, where that is not the usual one. A long body has a second more for each of its MiB.
  mutating func requestHead(
    expectsContinue: Bool, length: Int?, bodyBytes: Int? = nil, closes: Bool, now: NIODeadline
  ) -> Action {
    guard case .serving = state, pending == nil else { return .drop }
    // What comes after the last request is not looked at.
    guard !isAnnounced, !isEnding else { return .drop }
    open += 1
    isReading = true
    isHeadBegun = false
    drained = 0
    isAnnounced = closes
    guard open == 1 else { return .pass }
    let longest = bodyBytes ?? limits.bodyBytes
    step = now + limits.body + .seconds(Int64(max(min(length ?? 0, longest), 0) / Self.mebibyte))
    return expectsContinue && length ?? 0 <= longest ? .passAndContinue : .pass
  }

  mutating func requestBody(bytes: Int) -> Action {
    guard case .serving = state, isReading else { return .drop }
    guard open == 0 else { return .pass }
    drained += bytes
    return drained > limits.lingerBytes ? end() : .pass
  }

  mutating func requestEnd(now: NIODeadline) -> Action {
    switch state {
    case .closed: return .drop
    case .lingering: return end()
    case .serving:
      guard isReading else { return .drop }
      isReading = false
      if open == 0 { step = now + limits.idle } else if open == 1, !isAnswering { step = nil }
      return .pass
    }
  }

  /// What came is not HTTP, or too much of it.
  mutating func broken(_ refusal: Refusal, now: NIODeadline) -> Action {
    guard case .serving = state, pending == nil else { return .nothing }
    switch (open, isReading) {
    case (0, true):
      // Its answer is out already: there is nothing more to say.
      return end()
    case (0, false):
      return refuse(refusal, now: now)
    case (1, true) where isAnswering:
      isReading = false
      isEnding = true
      return .nothing
    case (1, true):
      return refuse(refusal, now: now)
    default:
      // Earlier requests have their answers first.
      if isReading { open -= 1 }
      isReading = false
      pending = refusal
      return .nothing
    }
  }

  /// The client closed its side. True when a request was waiting for its answer.
  mutating func inputClosed() -> (isWaiting: Bool, action: Action) {
    guard case .serving = state, open > 0 else { return (false, end()) }
    isReading = false
    isEnding = true
    return (true, .nothing)
  }

  // MARK: What the node answers

  /// Whether a part of an answer may be written at all.
  var mayAnswer: Bool {
    guard case .serving = state else { return false }
    return open > 0
  }

  mutating func responseHead(closes: Bool, now: NIODeadline) -> Action {
    guard mayAnswer else { return .drop }
    isAnswering = true
    isEnding = isEnding || closes
    step = now + limits.write
    return .pass
  }

  mutating func responseEnd(now: NIODeadline) -> Action {
    guard mayAnswer else { return .drop }
    let isLast = isLast
    isAnswering = false
    open -= 1
    if let pending, open == 0 {
      linger(now: now)
      return .passAndRefuse(pending)
    }
    if isLast, pending == nil {
      guard isReading else {
        _ = end()
        return .passAndClose
      }
      linger(now: now)
      return .passAndLinger
    }
    if open == 0 {
      step = now + (isReading ? limits.body : limits.idle)
    } else {
      step = open == 1 && isReading ? now + limits.body : nil
    }
    return .pass
  }

  // MARK: Time and shutdown

  mutating func expire(now: NIODeadline) -> Action {
    guard let deadline, now >= deadline else { return .nothing }
    if let shutdown, now >= shutdown { return end() }
    switch state {
    case .closed: return .nothing
    case .lingering: return end()
    case .serving:
      if open == 0, isHeadBegun { return refuse(.tooSlow, now: now) }
      if open == 1, isReading, !isAnswering { return refuse(.tooSlow, now: now) }
      return end()
    }
  }

  /// The node shuts down: what is open is answered, within the limit.
  mutating func quiesce(now: NIODeadline) -> Action {
    guard case .serving = state else { return .nothing }
    guard open > 0 else { return end() }
    isEnding = true
    shutdown = now + limits.shutdown
    return .nothing
  }

  private mutating func refuse(_ refusal: Refusal, now: NIODeadline) -> Action {
    open = 0
    linger(now: now)
    return .refuse(refusal)
  }

  private mutating func linger(now: NIODeadline) {
    state = .lingering
    drained = 0
    step = now + limits.linger
  }

  private mutating func end() -> Action {
    state = .closed
    step = nil
    shutdown = nil
    return .close
  }
}
