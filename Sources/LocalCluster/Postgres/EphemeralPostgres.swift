import Glibc
import Synchronization

/// A PostgreSQL server for a test: in a temporary folder, on a free port, with an authority of its
/// own; it ends, and its folder is removed, when `remove()` is called or when this process ends in
/// whatever way.
///
///     let postgres = try await EphemeralPostgres.start()
///     let uri = try postgres.uri(role: "postgres", database: "postgres").description
public final class EphemeralPostgres: Sendable {
  /// The server: stop, restart, crash it through this.
  public let server: PrivatePostgres
  /// The authority that signed the server's certificate and whose clients are let in.
  public let authority: CertificateAuthority
  /// The temporary folder; tests may write more there.
  public let folder: String
  /// The port on 127.0.0.1.
  public let port: UInt16
  private let reservation: FreePort
  private let issuing = Mutex<Void>(())
  /// The standbys that were added; they end with the server.
  let standbys = Mutex<[PostgresStandby]>([])

  private init(
    server: PrivatePostgres, authority: CertificateAuthority, folder: String, reservation: FreePort
  ) {
    self.server = server
    self.authority = authority
    self.folder = folder
    self.reservation = reservation
    port = reservation.number
  }

  /// Makes a server and starts it: about two seconds.
  ///
  /// - Parameters:
  ///   - maxConnections: `max_connections`.
  ///   - settings: further settings, such as `["fsync": "off"]`.
  ///   - environment: added to the server's environment.
  ///   - place: where its folder is made; the system's temporary folder if none is given.
  public static func start(
    maxConnections: Int = 100, settings: [String: String] = [:], allowsReplication: Bool = false,
    environment: [String: String] = [:], place: String? = nil
  ) async throws -> EphemeralPostgres {
    let account = try await Account.forServer()
    let own = (place ?? getenv("TMPDIR").map { String(cString: $0) }).map { [$0] } ?? []
    let folder = try await Folder.makeTemporary(
      prefix: "seriald-test-", places: own + ["/tmp", "/var/tmp"], account: account)
    do {
      let authority = try CertificateAuthority.create(folder: "\(folder)/ca")
      let certificate = try authority.issueServer(folder: "\(folder)/certs")
      let reservation = try FreePort()
      var configuration = PostgresConfiguration(
        dataDirectory: "\(folder)/data", logFile: "\(folder)/postgresql.log",
        port: reservation.number, server: certificate,
        clientAuthority: authority.files.certificate)
      configuration.maxConnections = maxConnections
      configuration.settings = settings
      configuration.environment = environment
      configuration.allowsReplication = allowsReplication
      configuration.endsWithUs = true
      configuration.removedWithUs = folder
      configuration.flushesNewData = false
      let server = try await PrivatePostgres(configuration: configuration)
      try await server.start()
      return EphemeralPostgres(
        server: server, authority: authority, folder: folder, reservation: reservation)
    } catch {
      try? Folder.removeAll(folder)
      throw error
    }
  }

  /// A connection as `role`, with a client certificate that is made when it is first asked for.
  /// The role itself is made by the caller (`CREATE ROLE ... LOGIN`).
  public func uri(role: String = "postgres", database: String = "postgres") throws -> ConnectionURI
  {
    let files = CertificateFiles(folder: "\(folder)/certs", name: role)
    // Two at once would mix the certificate of one with the key of the other.
    try issuing.withLock { _ in
      if !Folder.exists(files.certificate) {
        _ = try authority.issueClient(role: role, folder: "\(folder)/certs")
      }
    }
    return ConnectionURI(
      role: role, port: port, database: database, authority: authority.files.certificate,
      client: files)
  }

  /// Runs SQL through `psql`, as the superuser unless another connection is given.
  @discardableResult
  public func sql(_ statement: String, at uri: ConnectionURI? = nil) async throws -> String {
    try await server.programs.sql(statement, at: uri ?? self.uri())
  }

  /// Stops the server and its standbys, and removes their folder.
  public func remove() async throws {
    for standby in standbys.withLock({ $0 }) {
      try await standby.server.stop(.immediate)
      await standby.server.disarm()
    }
    try await server.stop(.immediate)
    await server.disarm()
    try Folder.removeAll(folder)
  }
}
