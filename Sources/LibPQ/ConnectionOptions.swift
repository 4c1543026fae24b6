/// Where the server is and as whom to connect to it: read from a connection string, strictly.
///
/// TLS 1.3 with both certificates verified is the only way in. A string that says otherwise, or
/// leaves it open, is refused with an error that names the key, its value and what was expected.
public struct ConnectionOptions: Sendable, Equatable {
  /// One server.
  public struct Host: Sendable, Hashable, CustomStringConvertible {
    /// A DNS name or an address; it must be in the server's certificate.
    public let name: String
    /// The TCP port.
    public let port: Int

    /// Makes a host.
    public init(name: String, port: Int) {
      self.name = name
      self.port = port
    }

    public var description: String { "\(name):\(port)" }
  }

  /// The servers, in the order in which they are tried.
  public let hosts: [Host]
  /// The role.
  public let user: String
  /// The database.
  public let database: String
  /// The authority that the server's certificate must come from: path of a PEM file.
  public let rootCertificatePath: String
  /// This client's certificate: path of a PEM file.
  public let certificatePath: String
  /// Its key: path of a PEM file.
  public let keyPath: String
  /// How long one host may take, in milliseconds (`connect_timeout`, there in seconds).
  public let connectTimeoutMilliseconds: Int
  /// What else goes to libpq, checked. May hold passwords: never shown.
  let extras: [String: String]

  /// Reads a `postgresql://` URI or `key=value` pairs.
  ///
  /// Throws `invalidConnectionString`; the message never holds a password.
  public init(parsing text: String) throws(LibPQError) {
    let values = try ConnectionString.parse(text)
    try ConnectionStringRules.check(values)
    hosts = try ConnectionStringRules.hosts(values)
    user = try ConnectionStringRules.required("user", in: values, what: "the role's name")
    database = values["dbname"] ?? user
    rootCertificatePath = try ConnectionStringRules.required(
      "sslrootcert", in: values, what: "the path of the authority's certificate")
    certificatePath = try ConnectionStringRules.required(
      "sslcert", in: values, what: "the path of the client's certificate")
    keyPath = try ConnectionStringRules.required(
      "sslkey", in: values, what: "the path of the client's key")
    let connectSeconds = try ConnectionStringRules.integer(
      "connect_timeout", in: values, bounds: 1...300, unit: "seconds")
    connectTimeoutMilliseconds = (connectSeconds ?? 5) * 1_000
    extras = values.filter { ConnectionStringRules.passedOn.contains($0.key) }
  }

  /// Takes passwords out of a text that libpq or the server made.
  func redacted(_ text: String) -> String {
    var text = text
    for key in ["password", "sslpassword"] {
      guard let secret = extras[key], !secret.isEmpty else { continue }
      text = text.split(separator: secret, omittingEmptySubsequences: false)
        .joined(separator: "[hidden]")
    }
    return text
  }
}

extension ConnectionOptions: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// Role, hosts and database. No password, and no parameter that could hold one.
  public var description: String {
    "\(user)@\(hosts.map(\.description).joined(separator: ","))/\(database)"
  }

  public var debugDescription: String { description }

  /// `dump` and test failures look here: they see no more than `description`.
  public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
