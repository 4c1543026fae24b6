internal import Allocator
internal import Glibc
internal import Synchronization

/// The thread that a journal lives on: an executor that runs its jobs one after another, in the
/// order in which they came. It may wait for the disk, which Swift's cooperative threads may not.
///
/// The thread ends when `stop()` was called and no job is left. The journal calls it when it is
/// deinitialised, so that no job can come afterwards.
final class JournalThread: SerialExecutor {
  private struct Queue {
    var jobs: [UnownedJob] = []
    var isStopped = false
  }

  private let queue = Mutex(Queue())
  private let jobsReady: WakeSemaphore

  /// Throws when the process has no thread left.
  init() throws(JournalError) {
    jobsReady = WakeSemaphore()
    var thread = pthread_t()
    let retained = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<JournalThread>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, retained.toOpaque())
    guard code == 0 else {
      retained.release()
      throw JournalError(
        detail: "The journal has no thread: pthread_create: \(String(cString: strerror(code)))")
    }
    pthread_detach(thread)
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

/// What one thread waits for and any thread can signal. A signal stays until it is waited for.
private final class WakeSemaphore: Sendable {
  /// Safe to share: the semaphore is made for it, and the pointer never changes.
  private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func signal() { sem_post(semaphore) }

  func wait() { while sem_wait(semaphore) != 0 && errno == EINTR {} }
}
