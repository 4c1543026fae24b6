import NIOCore
import NIOPosix

/// The state of a proxy, on its event loop: what is wrong at this moment, and the connections.
final class ProxyCore {
  let loop: any EventLoop
  let seed: UInt64
  private let port: Int
  private let upstreamHost: String
  private let upstreamPort: Int

  var traffic = Traffic()
  var paces: [Direction: Pace] = [.toUpstream: Pace(), .toClient: Pace()]
  var stalled: Set<Direction> = []
  var isSwallowing = false
  var armed: Armed?
  private var armedCount = 0
  private var links: [ObjectIdentifier: Link] = [:]
  private var listener: (any Channel)?
  private var isStopped = false

  struct Armed {
    let number: Int
    let cut: ByteCut
    let fired: EventLoopPromise<Bool>
  }

  init(loop: any EventLoop, port: UInt16, upstreamHost: String, upstreamPort: UInt16, seed: UInt64)
  {
    self.loop = loop
    self.port = Int(port)
    self.upstreamHost = upstreamHost
    self.upstreamPort = Int(upstreamPort)
    self.seed = seed
  }

  // MARK: - Accepting

  var isListening: Bool { listener != nil }

  func listen() -> EventLoopFuture<Void> {
    guard listener == nil, !isStopped else { return loop.makeSucceededVoidFuture() }
    let core = NIOLoopBound(self, eventLoop: loop)
    let listening = ServerBootstrap(group: loop)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.backlog, value: 256)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try core.value.accept(channel) }
      }
      .bind(host: "127.0.0.1", port: port)
    return listening.assumeIsolated().map { [self] in listener = $0 }.nonisolated()
  }

  func stopListening() -> EventLoopFuture<Void> {
    guard let listener else { return loop.makeSucceededVoidFuture() }
    self.listener = nil
    listener.close(promise: nil)
    return listener.closeFuture
  }

  private func accept(_ channel: any Channel) throws {
    let link = Link(core: self, client: channel, number: traffic.accepted)
    links[ObjectIdentifier(link)] = link
    traffic.accepted += 1
    traffic.open += 1
    link.ended.futureResult.assumeIsolated().whenComplete { [self] _ in
      links[ObjectIdentifier(link)] = nil
      traffic.open -= 1
    }
    try channel.pipeline.syncOperations.addHandler(EndHandler(link: link, sends: .toUpstream))
    if isSwallowing { return link.isSwallowed() }
    connect(link)
  }

  private func connect(_ link: Link) {
    let bound = NIOLoopBound(link, eventLoop: loop)
    ClientBootstrap(group: loop)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = EndHandler(link: bound.value, sends: .toClient)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(host: upstreamHost, port: upstreamPort)
      .assumeIsolated().whenComplete { result in
        switch result {
        case .success(let channel): link.connected(to: channel)
        case .failure: link.couldNotConnect()
        }
      }
  }

  // MARK: - Faults

  func stall(_ directions: Set<Direction>) {
    let resumed = stalled.subtracting(directions)
    stalled = directions
    for link in links.values {
      for direction in resumed { link.pump(direction) }
      link.adjustReading()
    }
  }

  func cut(_ ending: Ending) -> Int {
    for link in links.values { link.cut(ending) }
    return links.count
  }

  func arm(_ cut: ByteCut) -> EventLoopFuture<Bool> {
    disarm()
    armedCount += 1
    let fired = loop.makePromise(of: Bool.self)
    armed = Armed(number: armedCount, cut: cut, fired: fired)
    return fired.futureResult
  }

  func disarm() {
    let old = armed
    armed = nil
    old?.fired.succeed(false)
  }

  /// Ends the connections with a hole in them.
  func stopSwallowing() {
    isSwallowing = false
    for link in links.values where link.hasLost { link.cut(.reset) }
  }

  func heal() {
    disarm()
    paces = [.toUpstream: Pace(), .toClient: Pace()]
    stalled = []
    stopSwallowing()
    for link in links.values { link.hurry() }
  }

  /// Ends everything; completes when every socket is closed.
  func stop() -> EventLoopFuture<Void> {
    isStopped = true
    disarm()
    let ends = links.values.map(\.ended.futureResult)
    for link in links.values { link.close(.reset) }
    return EventLoopFuture.andAllComplete(ends + [stopListening()], on: loop)
  }
}
