import Glibc
import NIOCore
import SeededRandom

/// One connection through the proxy: the client's socket, the one to the server, and a lane for each
/// direction. Lives on the proxy's event loop.
final class Link {
  private let core: ProxyCore
  private let client: any Channel
  private var upstream: (any Channel)?
  private var lanes: [Direction: Lane] = [.toUpstream: Lane(), .toClient: Lane()]
  private var generators: [Direction: SeededGenerator]
  private var timers: [Direction: Scheduled<Void>] = [:]
  /// Bytes that were forwarded since the cut with this number was armed.
  private var passed: [Direction: (cut: Int, bytes: Int)] = [:]
  /// Directions whose end was forwarded.
  private var finished: Set<Direction> = []
  /// Something was swallowed: what comes after it must not be forwarded, or the stream has a hole.
  private(set) var hasLost = false
  /// Nothing is forwarded any more, and the sockets are being closed.
  private var isOver = false
  /// Completes when both sockets are closed.
  let ended: EventLoopPromise<Void>

  /// More than this waits in the sender's socket and not here.
  private static let laneCapacityBytes = 1 << 20

  init(core: ProxyCore, client: any Channel, number: Int) {
    self.core = core
    self.client = client
    ended = core.loop.makePromise()
    generators = [
      .toUpstream: SeededGenerator(seed: core.seed &+ UInt64(2 * number)),
      .toClient: SeededGenerator(seed: core.seed &+ UInt64(2 * number + 1)),
    ]
  }

  // MARK: - The beginning and the end

  func isSwallowed() {
    hasLost = true
    client.closeFuture.cascade(to: ended)
    adjustReading()
  }

  func connected(to channel: any Channel) {
    upstream = channel
    EventLoopFuture.andAllComplete([client.closeFuture, channel.closeFuture], on: core.loop)
      .cascade(to: ended)
    guard !isOver else { return close(.reset) }
    for direction in Direction.allCases { pump(direction) }
    adjustReading()
  }

  func couldNotConnect() {
    client.closeFuture.cascade(to: ended)
    close(.reset)
  }

  /// Ends both sockets.
  func close(_ ending: Ending) {
    isOver = true
    for timer in timers.values { timer.cancel() }
    timers = [:]
    for direction in Direction.allCases { lanes[direction]?.clear() }
    for channel in [client, upstream].compactMap({ $0 }) {
      if ending == .reset, let socket = channel as? any SocketOptionProvider {
        socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
      }
      channel.close(promise: nil)
    }
  }

  /// Ends both sockets because a fault says so.
  func cut(_ ending: Ending) {
    guard !isOver else { return }
    core.traffic.cut += 1
    close(ending)
  }

  // MARK: - What the sockets do

  func received(_ bytes: ByteBuffer, _ direction: Direction) {
    core.traffic[direction].received += bytes.readableBytes
    guard !isOver, !swallows() else { return }
    let now = NIODeadline.now()
    var rest = bytes
    while rest.readableBytes > 0 {
      let count = min(rest.readableBytes, core.paces[direction]?.pieceBytes ?? .max)
      guard let piece = rest.readSlice(length: count) else { break }
      lanes[direction]?.append(.bytes(piece), due: due(count, direction, at: now))
    }
    pump(direction)
    adjustReading()
  }

  func senderFinished(_ direction: Direction) {
    guard !isOver, !swallows(), lanes[direction]?.hasEnd == false else { return }
    lanes[direction]?.append(.end(.finish), due: due(0, direction, at: .now()))
    pump(direction)
  }

  /// A socket is closed. Unless both directions had come to their end, it was cut.
  func senderIsGone(_ direction: Direction, failed: Bool) {
    guard !isOver else { return }
    let reverse: Direction = direction == .toUpstream ? .toClient : .toUpstream
    lanes[reverse]?.clear()
    guard !swallows() else { return }
    if !failed, finished.contains(reverse) {
      // The second half closes without an event of its own.
      return senderFinished(direction)
    }
    lanes[direction]?.append(.end(.reset), due: due(0, direction, at: .now()))
    pump(direction)
  }

  private func swallows() -> Bool {
    if core.isSwallowing { hasLost = true }
    return hasLost
  }

  private func due(_ count: Int, _ direction: Direction, at now: NIODeadline) -> NIODeadline {
    var generator = generators[direction] ?? SeededGenerator(seed: core.seed)
    defer { generators[direction] = generator }
    return core.paces[direction]?.due(byteCount: count, at: now, using: &generator) ?? now
  }

  /// Reads from a socket only while there is room for what it says.
  func adjustReading() {
    for direction in Direction.allCases {
      let receiver = direction == .toUpstream ? upstream : client
      let sender = direction == .toUpstream ? client : upstream
      let isFull = lanes[direction].map { $0.byteCount > Self.laneCapacityBytes } ?? false
      let reads = hasLost || (!isFull && (receiver?.isWritable ?? false))
      sender?.setOption(.autoRead, value: reads).whenComplete { _ in }
    }
  }

  // MARK: - Forwarding

  /// Makes everything that waits due now.
  func hurry() {
    for direction in Direction.allCases {
      lanes[direction]?.hurry()
      pump(direction)
    }
    adjustReading()
  }

  /// Forwards what is due, and comes back when the rest is.
  func pump(_ direction: Direction) {
    guard !isOver, upstream != nil, !core.stalled.contains(direction) else { return }
    while !isOver, let item = lanes[direction]?.next(at: .now()) {
      switch item {
      case .bytes(let bytes): forward(bytes, direction)
      case .end(.finish): forwardEnd(direction)
      case .end(.reset): close(.reset)
      }
    }
    timers.removeValue(forKey: direction)?.cancel()
    guard !isOver, let due = lanes[direction]?.nextDue else { return }
    timers[direction] = core.loop.assumeIsolated().scheduleTask(deadline: due) { [self] in
      pump(direction)
      adjustReading()
    }
  }

  private func forward(_ bytes: ByteBuffer, _ direction: Direction) {
    guard let armed = core.armed, armed.cut.direction == direction else {
      return write(bytes, direction, promise: nil)
    }
    let before = passed[direction].flatMap { $0.cut == armed.number ? $0.bytes : nil } ?? 0
    let (count, cuts) = armed.cut.judge(passed: before, arriving: bytes.readableBytes)
    passed[direction] = (armed.number, before + count)
    guard cuts else { return write(bytes, direction, promise: nil) }
    // Over before it is closed: nothing may follow the last byte, whatever comes meanwhile.
    isOver = true
    core.armed = nil
    core.traffic.cut += 1
    let written = core.loop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { [self] _ in
      close(armed.cut.ending)
      armed.fired.succeed(true)
    }
    guard let last = bytes.getSlice(at: bytes.readerIndex, length: count), count > 0 else {
      return written.succeed()
    }
    write(last, direction, promise: written)
  }

  private func write(_ bytes: ByteBuffer, _ direction: Direction, promise: EventLoopPromise<Void>?)
  {
    core.traffic[direction].forwarded += bytes.readableBytes
    let receiver = direction == .toUpstream ? upstream : client
    receiver?.writeAndFlush(bytes, promise: promise)
  }

  private func forwardEnd(_ direction: Direction) {
    finished.insert(direction)
    let isLast = finished.count == Direction.allCases.count
    let receiver = direction == .toUpstream ? upstream : client
    let flushed = core.loop.makePromise(of: Void.self)
    flushed.futureResult.assumeIsolated().whenComplete { [self] _ in
      if isLast {
        close(.finish)
      } else {
        receiver?.close(mode: .output, promise: nil)
      }
    }
    receiver?.writeAndFlush(ByteBuffer(), promise: flushed)
  }
}
