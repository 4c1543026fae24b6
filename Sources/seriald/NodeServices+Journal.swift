import Allocator
import GrantJournal
import LibPQ
import Logging
import ServiceLifecycle

/// Flushes the journal, and lets go of its directory when every other part has ended.
struct JournalService: Service {
  let journal: FileJournal
  let logger: Logger

  func run() async {
    await cancelWhenGracefulShutdown { await keepFlushed() }
    await journal.close()
  }

  private func keepFlushed() async {
    let pause = Duration.milliseconds(FileJournal.flushMilliseconds / 2)
    var lastDetail = ""
    while (try? await ContinuousClock().sleep(for: pause)) != nil {
      do throws(JournalError) {
        try await journal.flush()
        lastDetail = ""
      } catch {
        guard error.detail != lastDetail else { continue }
        lastDetail = error.detail
        logger.error("the journal is not flushed", metadata: ["detail": "\(error.detail)"])
      }
    }
  }
}

/// Listens to other nodes that wait for numbers. It only speeds things up: a node without it looks
/// at its leases at the next commit or renewal.
struct HintService: Service {
  static let channel = "serial_recall"

  let allocator: Allocator
  let options: ConnectionOptions
  let limits: SessionLimits
  let logger: Logger
  var backoff = Backoff()

  func run() async {
    await cancelWhenGracefulShutdown { await keepListening() }
  }

  private func keepListening() async {
    var random = SystemRandomNumberGenerator()
    var attempt = 0
    while !Task.isCancelled {
      let error = await listen(&attempt)
      guard !Task.isCancelled else { return }
      logger.debug("not listening for hints", metadata: ["why": "\(error.explanation)"])
      attempt += 1
      let pause = backoff.delayMilliseconds(attempt: attempt, using: &random)
      guard (try? await ContinuousClock().sleep(for: .milliseconds(pause))) != nil else { return }
    }
  }

  /// Passes hints on until the connection is lost or the task is cancelled; returns why.
  ///
  /// - Parameter attempt: 0 once a connection listens.
  private func listen(_ attempt: inout Int) async -> LibPQError {
    do throws(LibPQError) {
      let connection = try await Connection.connect(options, limits: limits, logger: logger)
      defer { connection.interrupt() }
      try await connection.listen(Self.channel)
      attempt = 0
      while true {
        if try await connection.nextNotification() != nil { await allocator.hinted() }
      }
    } catch {
      return error
    }
  }
}
