import NIOCore
import NIOPosix

/// A TCP proxy between clients and one server that does to their connections what a test says.
///
/// It listens on a port of 127.0.0.1 and forwards bytes without looking at them, so that TLS goes
/// through: a client asks for the name in the server's certificate and this port. Faults may be
/// switched at any time, several at once; when a call returns, it is in effect for every connection.
///
///     try await FaultProxy.run(to: postgres.port) { proxy in
///       let cut = await proxy.arm(ByteCut(.after, byte: 120, of: .toUpstream))
///       ...
///       #expect(await cut.fired())
///     }
public final class FaultProxy: Sendable {
  /// Where it listens, on 127.0.0.1. It stays the same while connections are refused.
  public let port: UInt16
  private let reservation: PortReservation
  private let core: NIOLoopBound<ProxyCore>
  private let loop: any EventLoop

  private init(reservation: PortReservation, core: NIOLoopBound<ProxyCore>, loop: any EventLoop) {
    port = reservation.number
    self.reservation = reservation
    self.core = core
    self.loop = loop
  }

  // MARK: - Its life

  /// Starts a proxy. Whoever starts it awaits `stop()`.
  ///
  /// - Parameters:
  ///   - upstreamPort: where the server listens. It need not run: then clients are accepted and
  ///     reset.
  ///   - port: where to listen; 0 for any free port.
  ///   - seed: of the jitter.
  /// - Throws: `FaultProxyError` when the port is taken.
  public static func start(
    to upstreamPort: UInt16, host: String = "127.0.0.1", port: UInt16 = 0, seed: UInt64 = 1
  ) async throws -> FaultProxy {
    let reservation = try PortReservation(port: port)
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let number = reservation.number
    let core = try await loop.submit {
      NIOLoopBound(
        ProxyCore(
          loop: loop, port: number, upstreamHost: host, upstreamPort: upstreamPort, seed: seed),
        eventLoop: loop)
    }.get()
    let proxy = FaultProxy(reservation: reservation, core: core, loop: loop)
    try await proxy.waitFor { $0.listen() }
    return proxy
  }

  /// Runs a proxy for as long as `body` lasts.
  public static func run<Value>(
    to upstreamPort: UInt16, host: String = "127.0.0.1", port: UInt16 = 0, seed: UInt64 = 1,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (FaultProxy) async throws -> Value
  ) async throws -> Value {
    let proxy = try await start(to: upstreamPort, host: host, port: port, seed: seed)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(proxy))
    } catch {
      result = .failure(error)
    }
    await proxy.stop()
    return try result.get()
  }

  /// Ends every connection by RST and listens no more. Returns when all sockets are closed.
  public func stop() async {
    try? await waitFor { $0.stop() }
  }

  // MARK: - Faults

  /// Delays and throttles one direction from now on; `.none` ends it. What is already under way
  /// keeps its time.
  public func shape(_ direction: Direction, _ shaping: Shaping) async {
    await onLoop { $0.paces[direction]?.shaping = shaping }
  }

  /// Half open: forwards nothing in these directions and in no others; the sockets stay. What was
  /// sent meanwhile arrives when the direction is left out again, as after a partition.
  public func stall(_ directions: Set<Direction>) async {
    await onLoop { $0.stall(directions) }
  }

  /// Black hole: accepts, and swallows whatever is sent in either direction, ends included. When it
  /// is switched off, connections that lost something are reset: the rest would have a hole.
  public func swallow(_ isOn: Bool) async {
    await onLoop { core in
      if isOn { core.isSwallowing = true } else { core.stopSwallowing() }
    }
  }

  /// Refuses new connections, as a machine does on which nothing listens; those that are there go on.
  ///
  /// - Throws: when the port cannot be listened on again.
  public func refuse(_ isOn: Bool) async throws {
    try await waitFor { isOn ? $0.stopListening() : $0.listen() }
  }

  /// Ends every connection now. `.finish` may still become a reset where one side has sent what
  /// was not read yet.
  ///
  /// - Returns: how many connections there were.
  @discardableResult
  public func cut(_ ending: Ending = .reset) async -> Int {
    await onLoop { $0.cut(ending) }
  }

  /// Arms a cut, in place of one that is still armed. Each connection counts its bytes from now on;
  /// the first that reaches the byte is cut, and then no other.
  @discardableResult
  public func arm(_ cut: ByteCut) async -> ArmedCut {
    ArmedCut(future: await onLoop { $0.arm(cut) })
  }

  /// Takes an armed cut back.
  public func disarm() async {
    await onLoop { $0.disarm() }
  }

  /// Ends every fault. What waits is forwarded at once; connections that lost something are reset.
  ///
  /// - Throws: when the port cannot be listened on again.
  public func heal() async throws {
    await onLoop { $0.heal() }
    try await refuse(false)
  }

  /// What went through until now.
  public func traffic() async -> Traffic {
    await onLoop { $0.traffic }
  }

  // The loop is one of the singleton's, which run as long as the process.

  private func onLoop<Value: Sendable>(
    _ work: @escaping @Sendable (ProxyCore) -> Value
  ) async -> Value {
    await withCheckedContinuation { continuation in
      loop.execute { continuation.resume(returning: work(self.core.value)) }
    }
  }

  private func waitFor(
    _ work: @escaping @Sendable (ProxyCore) -> EventLoopFuture<Void>
  ) async throws {
    try await onLoop(work).get()
  }
}

/// A cut that was armed.
public struct ArmedCut: Sendable {
  let future: EventLoopFuture<Bool>

  /// Returns when a connection was cut (true), or when the cut was taken back, replaced or healed, or
  /// the proxy was stopped (false).
  public func fired() async -> Bool {
    (try? await future.get()) ?? false
  }
}
