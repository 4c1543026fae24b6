/// What a connection string must say, may say and must not say.
enum ConnectionStringRules {
  /// Keys that go to libpq as they are. The certificate revocation lists only make it stricter.
  static let passedOn: Set<String> = [
    "password", "sslpassword", "sslcrl", "sslcrldir", "application_name", "target_session_attrs",
    "tcp_user_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
  ]

  private static let known: Set<String> = passedOn.union([
    "host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey",
    "ssl_min_protocol_version", "gssencmode", "connect_timeout",
  ])

  private static let secrets: Set<String> = ["password", "sslpassword"]

  /// Refuses every key that is unknown here and every value that weakens the connection.
  static func check(_ values: [String: String]) throws(LibPQError) {
    for (key, value) in values.sorted(by: { $0.key < $1.key }) where !known.contains(key) {
      throw refusal(key, value, expected: "this key to be absent")
    }
    guard values["sslmode"] == "verify-full" else {
      throw refusal("sslmode", values["sslmode"], expected: "verify-full")
    }
    try oneOf("ssl_min_protocol_version", ["TLSv1.3"], in: values)
    try oneOf("gssencmode", ["disable"], in: values)
    try oneOf("target_session_attrs", ["read-write", "primary"], in: values)
    for key in ["sslrootcert", "sslcert", "sslkey"] {
      // `system` and `engine:key` have a meaning of their own for some versions of libpq.
      guard let value = values[key], value != "system", !value.contains(":") else {
        throw refusal(key, values[key], expected: "the path of a PEM file, without a colon")
      }
    }
    for key in passedOn where key.hasPrefix("keepalives") || key == "tcp_user_timeout" {
      _ = try integer(
        key, in: values, bounds: 1...3_600_000,
        unit: key == "tcp_user_timeout" ? "milliseconds" : "whole units")
    }
  }

  /// The hosts with their ports. A socket's path is refused: libpq ignores `sslmode` there.
  static func hosts(_ values: [String: String]) throws(LibPQError) -> [ConnectionOptions.Host] {
    let list = values["host"] ?? ""
    let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for name in names
    where name.isEmpty || "/@".contains(name.first ?? "/") || name.contains(where: \.isWhitespace) {
      throw refusal(
        "host", values["host"], expected: "host names, separated by commas; no socket's path")
    }
    let portList = values["port"] ?? "5432"
    let texts = portList.split(separator: ",", omittingEmptySubsequences: false)
    var ports: [Int] = []
    for text in texts {
      // libpq writes nothing for a host of a URI that names no port.
      guard let port = text.isEmpty ? 5_432 : Int(text), (1...65_535).contains(port) else {
        throw refusal("port", values["port"], expected: "1...65535")
      }
      ports.append(port)
    }
    guard ports.count == 1 || ports.count == names.count else {
      throw refusal("port", values["port"], expected: "one port, or one for each host")
    }
    return names.enumerated().map { position, name in
      ConnectionOptions.Host(name: name, port: ports.count == 1 ? ports[0] : ports[position])
    }
  }

  static func required(
    _ key: String, in values: [String: String], what: String
  ) throws(LibPQError) -> String {
    guard let value = values[key], !value.isEmpty else {
      throw refusal(key, values[key], expected: what)
    }
    return value
  }

  static func integer(
    _ key: String, in values: [String: String], bounds: ClosedRange<Int>, unit: String
  ) throws(LibPQError) -> Int? {
    guard let text = values[key] else { return nil }
    guard let value = Int(text), bounds.contains(value) else {
      throw refusal(key, text, expected: "\(bounds) \(unit)")
    }
    return value
  }

  private static func oneOf(
    _ key: String, _ allowed: [String], in values: [String: String]
  ) throws(LibPQError) {
    guard let value = values[key], !allowed.contains(value) else { return }
    throw refusal(key, value, expected: "\(allowed.joined(separator: " or ")), or no such key")
  }

  private static func refusal(_ key: String, _ value: String?, expected: String) -> LibPQError {
    let shown =
      switch value {
      case .none: "missing"
      case .some where secrets.contains(key): "[hidden]"
      case .some(let value): "'\(value)'"
      }
    return LibPQError(
      .invalidConnectionString, "connection string: \(key) is \(shown), expected \(expected)")
  }
}
