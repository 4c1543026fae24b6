internal import CLibPQ
internal import Glibc

/// libpq's connection object and what belongs to it. Lives on one connection's thread; the only
/// thing in it that others touch is `signals`.
///
/// Everything here is libpq's non-blocking interface and poll(2), so that a deadline and
/// `requestClose()` end every wait.
final class Session {
  /// Why a wait ended.
  enum Wake { case ready, woken, deadlinePassed }

  let signals: ConnectionSignals
  let notices = NoticeBox()
  private(set) var handle: OpaquePointer?
  /// SQL text to the name under which the server knows it.
  var prepared: [String: String] = [:]
  var preparedCount = 0
  var notifications: [ChannelNotification] = []

  init(signals: ConnectionSignals) { self.signals = signals }

  deinit { finish() }

  /// Takes over a connection object.
  func adopt(_ handle: OpaquePointer) {
    finish()
    self.handle = handle
    PQsetNoticeReceiver(handle, NoticeBox.receive, notices.unretainedPointer)
  }

  /// Closes the socket, at once and for good. Does not block: the connection is non-blocking.
  func finish() {
    if let handle { PQfinish(handle) }
    handle = nil
    prepared = [:]
    signals.health = .closed
  }

  /// Says in `signals` what the session is good for after a call.
  func publishHealth() {
    guard let handle, PQstatus(handle) == CONNECTION_OK else {
      finish()
      return
    }
    signals.health = PQtransactionStatus(handle) == PQTRANS_IDLE ? .ready : .inTransaction
  }

  /// Blocks this thread until the socket is ready, someone signals, or the deadline passes.
  func wait(
    reading: Bool, writing: Bool, until deadline: ContinuousClock.Instant?
  ) -> Wake {
    var entries = [
      pollfd(fd: signals.wake.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(
        fd: handle.map { PQsocket($0) } ?? -1,
        events: Int16((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)), revents: 0),
    ]
    let timeout = deadline.map(Self.pollMilliseconds) ?? -1
    let count = poll(&entries, nfds_t(entries.count), timeout)
    if count < 0 { return .woken }  // EINTR: look again
    if entries[0].revents != 0 {
      signals.wake.drain()
      return .woken
    }
    if entries[1].revents != 0 { return .ready }
    return deadline.map { .now >= $0 } == true ? .deadlinePassed : .woken
  }

  /// Milliseconds until the deadline, rounded up so that no wait ends just before it and spins.
  private static func pollMilliseconds(until deadline: ContinuousClock.Instant) -> CInt {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    guard seconds < 1_000_000 else { return 1_000_000_000 }
    return CInt(seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }

  /// Looks at the socket alone: the wake event must not be drained by anyone who does not act on it.
  private static func isReadable(_ socket: CInt) -> Bool {
    var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  /// Takes what arrived unasked: notifications, and a FATAL that ended an idle session.
  /// Never blocks. False when the connection is lost.
  func takeWhatArrived() -> Bool {
    guard let handle else { return false }
    var isAlive = true
    while isAlive, Self.isReadable(PQsocket(handle)) {
      isAlive = PQconsumeInput(handle) == 1
      collectNotifications()
      isAlive = isAlive && PQstatus(handle) == CONNECTION_OK
    }
    collectNotifications()
    return isAlive
  }

  /// Moves notifications out of libpq, which also makes it parse what it has read.
  func collectNotifications() {
    guard let handle else { return }
    while let notification = PQnotifies(handle) {
      notifications.append(
        ChannelNotification(
          channel: String(cString: notification.pointee.relname),
          payload: String(cString: notification.pointee.extra),
          processID: notification.pointee.be_pid))
      PQfreemem(notification)
    }
  }

  /// libpq's last words about this connection, without the line of the server's source code.
  func connectionMessage() -> String {
    guard let handle, let text = PQerrorMessage(handle) else { return "no connection" }
    return String(cString: text).split(separator: "\n")
      .filter { !$0.hasPrefix("LOCATION:") }.joined(separator: "; ").trimmingLineEnd()
  }
}

/// Where libpq's notice receiver puts what it is given; it runs on the connection's thread, inside
/// libpq's calls.
final class NoticeBox {
  private var notices: [Notice] = []

  /// Valid as long as the session that owns the box: it closes the connection before it goes.
  var unretainedPointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  func take() -> [Notice] {
    defer { notices = [] }
    return notices
  }

  static let receive: PQnoticeReceiver = { argument, result in
    guard let argument, let result else { return }
    let box = Unmanaged<NoticeBox>.fromOpaque(argument).takeUnretainedValue()
    box.notices.append(
      Notice(
        severity: errorField(result, LIBPQ_FIELD_SEVERITY) ?? "",
        sqlState: errorField(result, LIBPQ_FIELD_SQLSTATE) ?? "",
        message: errorField(result, LIBPQ_FIELD_MESSAGE) ?? ""))
  }
}

/// One field of an error or notice, `nil` when it has none.
func errorField(_ result: OpaquePointer, _ field: LibPQErrorField) -> String? {
  PQresultErrorField(result, CInt(field.rawValue)).map { String(cString: $0) }
}
