internal import CLibPQ
internal import Glibc
internal import Synchronization

/// The thread that a connection lives on: an executor that runs its jobs one after another, in
/// the order in which they came. It may block, which Swift's cooperative threads may not.
///
/// The thread ends when `stop()` was called and no job is left. The connection calls it when it
/// is deinitialised, so that no job can come afterwards.
final class ConnectionThread: SerialExecutor {
  private struct Queue {
    var jobs: [UnownedJob] = []
    var isStopped = false
  }

  private let queue = Mutex(Queue())
  private let jobsReady: WakeEvent
  private let name: String

  /// How much stack the thread has: enough for the resolver and OpenSSL.
  private static let stackBytes = 1 << 20

  /// Starts the thread. Throws `connectFailed` when the process has no thread or descriptor left.
  init(name: String) throws(LibPQError) {
    self.name = name
    jobsReady = try WakeEvent()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, Self.stackBytes)
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let retained = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<ConnectionThread>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, retained.toOpaque())
    guard code == 0 else {
      retained.release()
      throw LibPQError(.connectFailed, "pthread_create: \(String(cString: strerror(code)))")
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.withLock { $0.jobs.append(job) }
    jobsReady.signal()
  }

  /// Lets the thread end once its queue is empty.
  func stop() {
    queue.withLock { $0.isStopped = true }
    jobsReady.signal()
  }

  private func run() {
    _ = libpq_name_this_thread(name)
    // Signals are for the process, whose handlers know nothing of this thread.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    while true {
      let (jobs, isStopped) = queue.withLock { queue in
        defer { queue.jobs = [] }
        return (queue.jobs, queue.isStopped)
      }
      for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
      guard jobs.isEmpty else { continue }
      guard !isStopped else { return }
      jobsReady.wait()
    }
  }
}
