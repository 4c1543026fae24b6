extension ConnectionOptions {
  /// Everything that libpq is given for one host.
  ///
  /// libpq fills a key that is absent or empty from the environment, so that every key which
  /// could weaken the connection or lead it elsewhere is named, with a value that is not empty.
  func keywords(host: Host, limits: SessionLimits) -> [(key: String, value: String)] {
    var values = [
      "host": host.name,
      "port": String(host.port),
      "user": user,
      "dbname": database,
      "sslmode": "verify-full",
      "sslrootcert": rootCertificatePath,
      "sslcert": certificatePath,
      "sslkey": keyPath,
      "ssl_min_protocol_version": "TLSv1.3",
      "ssl_max_protocol_version": "TLSv1.3",
      "sslcompression": "0",
      "sslsni": "1",
      // With a pass phrase libpq never lets OpenSSL ask for one on the terminal.
      "sslpassword": "none",
      "gssencmode": "disable",
      "krbsrvname": "postgres",
      "channel_binding": "prefer",
      "target_session_attrs": "read-write",
      "passfile": "/dev/null/none",
      "client_encoding": "UTF8",
      // Takes the place of PGOPTIONS; the session sets it once more.
      "options": "-c client_min_messages=warning",
      "application_name": "seriald",
      "fallback_application_name": "seriald",
      "connect_timeout": String(max(2, connectTimeoutMilliseconds / 1_000)),
      "tcp_user_timeout": "10000",
      "keepalives": "1",
      "keepalives_idle": "10",
      "keepalives_interval": "3",
      "keepalives_count": "3",
    ]
    values.merge(extras.filter { !$0.value.isEmpty }) { _, given in given }
    if let name = limits.applicationName, !name.isEmpty { values["application_name"] = name }
    return values.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
  }

  /// Variables that lead the connection elsewhere and that no explicit value switches off:
  /// a service may name a host's address, and there is no address that means "none".
  static let refusedVariables = ["PGSERVICE", "PGHOSTADDR"]

  /// Throws `invalidConnectionString` when the environment holds one of `refusedVariables`.
  static func checkEnvironment(_ value: (String) -> String?) throws(LibPQError) {
    for name in refusedVariables {
      guard let found = value(name), !found.isEmpty else { continue }
      throw LibPQError(
        .invalidConnectionString,
        "environment: \(name) is '\(found)', expected it to be unset: it changes where libpq goes")
    }
  }
}
