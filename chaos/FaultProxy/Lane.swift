import NIOCore

/// What waits in one direction of one connection, in order, each with the moment it is due. Pure: time
/// comes in as a value.
struct Lane {
  enum Item: Equatable {
    case bytes(ByteBuffer)
    case end(Ending)
  }

  private struct Entry {
    var item: Item
    var due: NIODeadline
  }

  private var entries: CircularBuffer<Entry> = []
  private var latestDue = NIODeadline.distantPast
  /// Bytes that wait.
  private(set) var byteCount = 0
  /// The sender will send no more.
  private(set) var hasEnd = false

  /// When the first item is due; nil when nothing waits.
  var nextDue: NIODeadline? { entries.first?.due }

  var isEmpty: Bool { entries.isEmpty }

  /// Nothing overtakes: an item is due no earlier than the one before it.
  mutating func append(_ item: Item, due: NIODeadline) {
    latestDue = max(latestDue, due)
    if case .bytes(let bytes) = item { byteCount += bytes.readableBytes }
    if case .end = item { hasEnd = true }
    entries.append(Entry(item: item, due: latestDue))
  }

  /// The first item, if it is due.
  mutating func next(at now: NIODeadline) -> Item? {
    guard let first = entries.first, first.due <= now else { return nil }
    entries.removeFirst()
    if case .bytes(let bytes) = first.item { byteCount -= bytes.readableBytes }
    return first.item
  }

  /// Makes everything due now, as if there had never been a delay.
  mutating func hurry() {
    latestDue = .distantPast
    for index in entries.indices { entries[index].due = .distantPast }
  }

  /// Forgets what waits; the end, too.
  mutating func clear() {
    entries.removeAll()
    byteCount = 0
  }
}

/// One way's share of time: when a piece that comes now has come through.
struct Pace {
  var shaping = Shaping.none
  private var freeAt = NIODeadline.distantPast

  /// The largest piece that is sent at once: a fiftieth of a second's worth.
  var pieceBytes: Int { shaping.bytesPerSecond.map { max(1, $0 / 50) } ?? .max }

  /// When a piece is due that comes now.
  mutating func due(
    byteCount: Int, at now: NIODeadline, using generator: inout some RandomNumberGenerator
  ) -> NIODeadline {
    var sent = now
    if let rate = shaping.bytesPerSecond {
      let nanoseconds = Int64(Double(byteCount) / Double(rate) * 1e9)
      sent = max(now, freeAt) + .nanoseconds(nanoseconds)
      freeAt = sent
    }
    let jitter =
      shaping.jitterMilliseconds > 0
      ? Int64.random(in: 0...Int64(shaping.jitterMilliseconds) * 1_000_000, using: &generator) : 0
    return sent + .milliseconds(Int64(shaping.latencyMilliseconds)) + .nanoseconds(jitter)
  }
}
