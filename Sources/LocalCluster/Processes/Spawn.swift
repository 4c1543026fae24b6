import Glibc

/// What is started, and with what.
struct SpawnRequest {
  /// Where a standard stream goes.
  enum Stream {
    case null
    case appendTo(String)
    case descriptor(Int32)
  }

  var executable: String
  var arguments: [String] = []
  /// The whole environment: nothing is inherited, so that a stray `PGHOST` has no effect.
  var environment: [String: String] = [:]
  /// Where it starts; `nil` leaves it in our folder. Another account may not be able to be there.
  var directory: String?
  var input = Stream.null
  var output = Stream.null
  var errors = Stream.null
  /// Away from our terminal and process group: it outlives the shell that started us, and an
  /// interrupt from the keyboard is not sent to it.
  var newSession = false
  /// The account to run as, when we are root.
  var account: Account?

  /// Starts it.
  func spawn() throws -> Child {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    add(input, as: 0, to: &actions)
    add(output, as: 1, to: &actions)
    add(errors, as: 2, to: &actions)
    // Whatever else is open here (a pipe to `make`, say) is not the child's business: one that
    // lives for days would keep it open. What we open ourselves is closed by O_CLOEXEC.
    for descriptor in Self.openDescriptors() where descriptor > 2 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
    if newSession { flags |= Self.startInNewSession }
    posix_spawnattr_setflags(&attributes, Int16(flags))

    guard access(executable, X_OK) == 0 else {
      throw LocalClusterError(
        .missingProgram, "\(executable) cannot be started: \(String(cString: strerror(errno))).")
    }
    let command = changeFolder + (account?.commandPrefix ?? []) + [executable] + arguments
    let names = command.map { strdup($0) } + [nil]
    let values = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
    defer { (names + values).forEach { free($0) } }
    var pid: pid_t = 0
    let failure = posix_spawn(&pid, command[0], &actions, &attributes, names, values + [nil])
    guard failure == 0 else { throw LocalClusterError.system("start", command[0], failure) }
    return Child(pid: pid)
  }

  /// The shell changes the folder and then becomes the command, so the pid stays the same.
  /// (glibc's `addchdir_np` is not part of what Swift sees of it.)
  private var changeFolder: [String] {
    directory.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0] } ?? []
  }

  /// glibc's POSIX_SPAWN_SETSID, which Swift's view of glibc leaves out.
  private static let startInNewSession: Int32 = 0x80

  private static func openDescriptors() -> [Int32] {
    guard let folder = opendir("/proc/self/fd") else { return [] }
    defer { closedir(folder) }
    return Folder.names(in: folder).compactMap { Int32($0) }
  }

  private func add(
    _ stream: Stream, as number: Int32, to actions: inout posix_spawn_file_actions_t
  ) {
    switch stream {
    case .null:
      posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
    case .appendTo(let path):
      posix_spawn_file_actions_addopen(
        &actions, number, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    case .descriptor(let descriptor):
      posix_spawn_file_actions_adddup2(&actions, descriptor, number)
    }
  }
}
