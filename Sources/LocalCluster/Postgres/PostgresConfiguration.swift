/// What a private PostgreSQL server is made of.
public struct PostgresConfiguration: Sendable {
  /// The data directory, absolute. Made by `prepare()`; its parent must exist.
  public var dataDirectory: String
  /// Where the server writes its log.
  public var logFile: String
  /// The port on 127.0.0.1.
  public var port: UInt16
  /// The server's certificate and key. They are copied into the data directory, where the server's
  /// account can read them.
  public var server: CertificateFiles
  /// The certificate of the authority whose clients are let in.
  public var clientAuthority: String
  /// The superuser that the cluster is made with.
  public var superuser = "postgres"
  /// `max_connections`.
  public var maxConnections = 100
  /// Further settings; they come last and so win.
  public var settings: [String: String] = [:]
  /// Added to the server's environment, such as `LD_PRELOAD` of a library that moves its clock.
  public var environment: [String: String] = [:]
  /// Lets clients with a certificate and a role that may do it replicate, for a standby.
  public var allowsReplication = false
  /// Whether the server is ended when this process ends, in whatever way. For tests.
  public var endsWithUs = false
  /// A folder that is removed when this process ends without having stopped the server. For tests.
  public var removedWithUs: String?
  /// Whether a new data directory is flushed to the disk before it is used.
  public var flushesNewData = true

  /// A server with the given places, port and certificates; the rest has defaults.
  public init(
    dataDirectory: String, logFile: String, port: UInt16, server: CertificateFiles,
    clientAuthority: String
  ) {
    self.dataDirectory = dataDirectory
    self.logFile = logFile
    self.port = port
    self.server = server
    self.clientAuthority = clientAuthority
  }

  /// `postgresql.conf`'s part that is ours.
  var settingsFile: String {
    var values = [
      "listen_addresses": "127.0.0.1",
      "port": String(port),
      // No socket in a shared folder: TCP with TLS is the only way in.
      "unix_socket_directories": "",
      "max_connections": String(maxConnections),
      "ssl": "on",
      "ssl_min_protocol_version": "TLSv1.3",
      "ssl_cert_file": "server.crt",
      "ssl_key_file": "server.key",
      "ssl_ca_file": "clients.crt",
      "wal_level": "replica",
      "fsync": "on",
      "full_page_writes": "on",
      "shared_buffers": "64MB",
      "timezone": "UTC",
      "log_timezone": "UTC",
      "log_line_prefix": "%m [%p] %q%u@%d %a ",
      "logging_collector": "off",
      "log_destination": "stderr",
    ]
    values.merge(settings) { $1 }
    return "# Written at each start.\n"
      + values.sorted { $0.key < $1.key }.map { "\($0.key) = \(Self.quote($0.value))\n" }.joined()
  }

  /// Who is let in: whoever comes over TLS with a certificate whose common name is the role.
  var accessFile: String {
    var lines = ["# Written at each start: TLS with a client certificate, and nothing else."]
    for database in allowsReplication ? ["all", "replication"] : ["all"] {
      lines.append("hostssl \(database) all 127.0.0.1/32 cert")
      lines.append("hostssl \(database) all ::1/128 cert")
    }
    lines.append("local all all reject")
    lines.append("host all all 0.0.0.0/0 reject")
    lines.append("host all all ::/0 reject")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func quote(_ value: String) -> String {
    var quoted = "'"
    for character in value {
      switch character {
      case "'": quoted += "''"
      case "\\": quoted += "\\\\"
      case let other: quoted.append(other)
      }
    }
    return quoted + "'"
  }
}
