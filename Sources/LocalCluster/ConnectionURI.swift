/// A connection to a PostgreSQL server over TLS, as libpq's URI.
public struct ConnectionURI: Sendable, Equatable, CustomStringConvertible {
  /// The database role; also the common name of the client's certificate.
  public var role: String
  /// The host, which the server's certificate must name.
  public var host: String
  /// The port.
  public var port: UInt16
  /// The database.
  public var database: String
  /// Path of the authority's certificate; `nil` leaves it out.
  public var authority: String?
  /// The client's certificate and key; `nil` leaves them out.
  public var client: CertificateFiles?
  /// Further parameters, such as `application_name`.
  public var parameters: [String: String]

  /// A connection; `sslmode` is `verify-full` unless `parameters` say otherwise.
  public init(
    role: String, host: String = "localhost", port: UInt16, database: String,
    authority: String?, client: CertificateFiles?, parameters: [String: String] = [:]
  ) {
    self.role = role
    self.host = host
    self.port = port
    self.database = database
    self.authority = authority
    self.client = client
    self.parameters = parameters
  }

  /// `postgresql://role@host:port/database?sslmode=verify-full&...`, percent-encoded.
  public var description: String {
    var query = [("sslmode", parameters["sslmode"] ?? "verify-full")]
    if let authority { query.append(("sslrootcert", authority)) }
    if let client {
      query.append(("sslcert", client.certificate))
      query.append(("sslkey", client.key))
    }
    query += parameters.filter { $0.key != "sslmode" }.sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
    let encoded = query.map { "\($0)=\(Self.encode($1))" }.joined(separator: "&")
    return "postgresql://\(Self.encode(role))@\(host):\(port)/\(Self.encode(database))?\(encoded)"
  }

  /// Everything but letters, digits, `-._~` and `/` as `%XX`: a folder's name may hold anything.
  static func encode(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }
}
