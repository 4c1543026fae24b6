internal import CLibPQ
internal import COpenSSL
internal import Glibc

extension Session {
  /// Connects to the first host that answers as it should.
  ///
  /// The hosts are tried here, one by one, and not inside libpq: its non-blocking interface has
  /// no way to give up on one silent host and go on to the next.
  func open(
    _ options: ConnectionOptions, limits: SessionLimits, deadline: ContinuousClock.Instant
  ) throws(LibPQError) {
    try ConnectionOptions.checkEnvironment { name in getenv(name).map { String(cString: $0) } }
    try Self.checkFiles(options)
    var failures: [(host: ConnectionOptions.Host, error: LibPQError)] = []
    for host in options.hosts {
      let hostDeadline = min(
        deadline, .now + .milliseconds(options.connectTimeoutMilliseconds))
      do {
        try connect(options, host: host, limits: limits, deadline: hostDeadline)
        try verifyTLS()
        try apply(limits, deadline: hostDeadline)
        signals.host = host
        return
      } catch {
        finish()
        if error.code == .closed { throw error }
        failures.append((host, error))
      }
    }
    throw Self.combined(failures)
  }

  /// Of several hosts' errors the one that tells most: a refusal needs someone to act, an
  /// unreachable host may be a failover.
  private static func combined(
    _ failures: [(host: ConnectionOptions.Host, error: LibPQError)]
  ) -> LibPQError {
    let rank: [LibPQError.Code] = [.tlsRefused, .authenticationFailed]
    let leading =
      rank.lazy.compactMap { code in failures.first { $0.error.code == code } }.first
      ?? failures[0]
    guard failures.count > 1 else { return leading.error }
    return leading.error.with(
      code: leading.error.code,
      message: failures.map { "\($0.host): \($0.error.message)" }.joined(separator: "; "))
  }

  /// libpq goes on without a client certificate when the file is missing; here that is an error.
  private static func checkFiles(_ options: ConnectionOptions) throws(LibPQError) {
    for (key, path) in [
      ("sslrootcert", options.rootCertificatePath), ("sslcert", options.certificatePath),
      ("sslkey", options.keyPath),
    ] where access(path, R_OK) != 0 {
      throw LibPQError(
        .invalidConnectionString,
        "\(key) '\(path)': \(String(cString: strerror(errno))), expected a readable PEM file")
    }
  }

  private func connect(
    _ options: ConnectionOptions, host: ConnectionOptions.Host, limits: SessionLimits,
    deadline: ContinuousClock.Instant
  ) throws(LibPQError) {
    let pairs = options.keywords(host: host, limits: limits)
    let started = withCStrings(pairs.map(\.key)) { keys in
      withCStrings(pairs.map(\.value)) { values in PQconnectStartParams(keys, values, 0) }
    }
    guard let started else { throw LibPQError(.connectFailed, "libpq: out of memory") }
    adopt(started)
    PQsetErrorVerbosity(started, PQERRORS_VERBOSE)
    let handshake = Handshake()
    defer { handshake.end() }
    var state = PGRES_POLLING_WRITING
    while true {
      if PQstatus(started) == CONNECTION_BAD || state == PGRES_POLLING_FAILED {
        throw connectError(options, handshake)
      }
      if state == PGRES_POLLING_OK { break }
      switch wait(
        reading: state == PGRES_POLLING_READING, writing: state == PGRES_POLLING_WRITING,
        until: deadline)
      {
      case .ready:
        state = PQconnectPoll(started)
        handshake.observe(started)
      case .woken:
        guard !signals.isCloseRequested else {
          throw LibPQError(.closed, "closed while connecting")
        }
      case .deadlinePassed:
        throw LibPQError(
          .connectFailed, "\(host) did not answer in time",
          hint: "the server or the way to it is overloaded or silent")
      }
    }
    guard PQsetnonblocking(started, 1) == 0 else {
      throw LibPQError(.connectFailed, connectionMessage())
    }
  }

  private func connectError(_ options: ConnectionOptions, _ handshake: Handshake) -> LibPQError {
    let text = options.redacted(connectionMessage())
    let failure = ConnectFailure(text: text, certificateVerdict: handshake.certificateVerdict)
    return LibPQError(failure.code, text, sqlState: failure.sqlState, hint: failure.hint)
  }

  /// The session's settings, set and therefore known, whatever the role or the database say.
  private func apply(
    _ limits: SessionLimits, deadline: ContinuousClock.Instant
  ) throws(LibPQError) {
    let calls = limits.settings.indices.map {
      "pg_catalog.set_config($\($0 * 2 + 1), $\($0 * 2 + 2), false)"
    }
    do {
      _ = try once(
        "SELECT \(calls.joined(separator: ", "))",
        limits.settings.flatMap { [$0.name, $0.value] }, label: "session_settings",
        deadline: deadline)
    } catch {
      throw error.code == .closed ? error : error.with(code: .connectFailed)
    }
  }
}

/// Holds on to libssl's object while libpq connects, because libpq throws it away before it
/// reports a failure, and with it the verdict on the server's certificate.
private final class Handshake {
  private var ssl: OpaquePointer?

  func observe(_ handle: OpaquePointer) {
    guard let found = PQsslStruct(handle, "OpenSSL").map({ OpaquePointer($0) }), found != ssl else {
      return
    }
    end()
    SSL_up_ref(found)
    ssl = found
  }

  /// `X509_V_OK` is 0; `nil` when no handshake began.
  var certificateVerdict: Int? { ssl.map { SSL_get_verify_result($0) } }

  func end() {
    if let ssl { SSL_free(ssl) }
    ssl = nil
  }
}
