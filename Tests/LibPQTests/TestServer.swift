import Foundation
import Glibc
import LibPQ

/// A private PostgreSQL on a free loopback port that takes TLS connections with a client
/// certificate only.
///
/// It is the child of a small shell that reads a pipe from this process, and starts the server for
/// each line: when this process ends, however it ends, the pipe closes, and the shell stops the
/// server by its process id and removes its folder.
final class TestServer: Sendable {
  let port: Int
  let folder: URL
  let certificates: TestCertificates
  private let keepAlive: FileHandle

  struct Setup {
    var certificate = TestCertificates.Server.right
    var isTLS = true
  }

  /// Makes a cluster and starts it; returns when it takes connections.
  init(certificates: TestCertificates, template: URL, setup: Setup = Setup()) throws {
    self.certificates = certificates
    port = try Self.freePort()
    folder = template.deletingLastPathComponent().appending(path: "server-\(port)")
    try Program.run("cp", "-a", template.path, folder.path)
    try Self.configure(folder, port: port, certificates: certificates, setup: setup)
    let pipe = Pipe()
    keepAlive = pipe.fileHandleForWriting
    // Otherwise the next server's shell would hold this one's pipe open.
    _ = fcntl(keepAlive.fileDescriptor, F_SETFD, FD_CLOEXEC)
    try Self.launch(folder, input: pipe)
    try start()
  }

  /// initdb, once; every server starts from a copy.
  static func makeTemplate(in folder: URL) throws -> URL {
    let template = folder.appending(path: "template")
    try FileManager.default.createDirectory(at: template, withIntermediateDirectories: true)
    try Program.run("chmod", "0700", template.path)
    if geteuid() == 0 { try Program.run("chown", "postgres:postgres", template.path) }
    try Program.run(
      "env",
      more: asServerUser([
        "initdb", "-D", template.path, "-U", TestCertificates.role, "--no-sync", "-A", "reject",
        "--locale=C.UTF-8",
      ]))
    return template
  }

  private static func asServerUser(_ command: [String]) -> [String] {
    guard geteuid() == 0 else { return command }
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] + command
  }

  private static func configure(
    _ folder: URL, port: Int, certificates: TestCertificates, setup: Setup
  ) throws {
    let name = "server-\(setup.certificate)"
    let files = [
      ("\(name).crt", "server.crt"), ("\(name).key", "server.key"), ("authority.crt", "ca.crt"),
    ]
    for (source, target) in files {
      try Program.run("cp", certificates.path(source), folder.appending(path: target).path)
      if geteuid() == 0 {
        try Program.run("chown", "postgres:postgres", folder.appending(path: target).path)
      }
    }
    let settings = """
      listen_addresses = '127.0.0.1'
      port = \(port)
      unix_socket_directories = ''
      fsync = off
      shared_buffers = 16MB
      max_connections = 40
      ssl = \(setup.isTLS ? "on" : "off")
      ssl_ca_file = 'ca.crt'
      ssl_min_protocol_version = 'TLSv1.3'
      deadlock_timeout = 100ms

      """
    let file = try FileHandle(forWritingTo: folder.appending(path: "postgresql.conf"))
    try file.seekToEnd()
    try file.write(contentsOf: Data(settings.utf8))
    try file.close()
    try Data("hostssl all all 127.0.0.1/32 cert\n".utf8).write(
      to: folder.appending(path: "pg_hba.conf"))
    if geteuid() == 0 {
      try Program.run("chown", "postgres:postgres", folder.appending(path: "pg_hba.conf").path)
    }
  }

  private static func launch(_ folder: URL, input: Pipe) throws {
    let script = """
      while read -r start; do postgres -D "$0" >>"$0/log" 2>&1 </dev/null & pid=$!; done
      kill -QUIT $pid
      for attempt in $(seq 200); do test -e "$0/postmaster.pid" || break; sleep 0.05; done
      rm -rf "$0"
      """
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = asServerUser(["sh", "-c", script, folder.path])
    process.environment = ["PATH": "/usr/lib/postgresql/15/bin:/usr/bin:/bin"]
    process.currentDirectoryURL = URL(filePath: "/")
    process.standardInput = input
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  /// pg_isready sends no credentials: it is answered as soon as connections are taken.
  func waitUntilReady() throws {
    let script = """
      for attempt in $(seq 300); do
        pg_isready -q -h 127.0.0.1 -p \(port) && exit 0
        sleep 0.05
      done
      cat '\(folder.path)/log'; exit 1
      """
    try Program.run("sh", "-c", script)
  }

  /// Ends the server and removes its folder.
  func stop() {
    try? keepAlive.close()
  }

  /// Ends the server like a crash, and keeps its data for `start()`.
  func halt() throws {
    try Program.run(
      "env",
      more: Self.asServerUser(["pg_ctl", "-D", folder.path, "-m", "immediate", "-w", "stop"]))
  }

  /// Starts the server; returns when it takes connections.
  func start() throws {
    try keepAlive.write(contentsOf: Data("start\n".utf8))
    try waitUntilReady()
  }

  /// A port that nobody listened on a moment ago.
  static func freePort() throws -> Int {
    let listener = try BlackHole(backlog: 1)
    defer { listener.stop() }
    return listener.port
  }

  func text(
    client: TestCertificates.Client = .right, role: String = TestCertificates.role,
    host: String = "localhost", authority: String = "authority", more: String = ""
  ) -> String {
    "postgresql://\(role)@\(host):\(port)/postgres?sslmode=verify-full"
      + "&sslrootcert=\(certificates.path("\(authority).crt"))"
      + "&sslcert=\(certificates.path("client-\(client).crt"))"
      + "&sslkey=\(certificates.path("client-\(client).key"))" + more
  }

  func options(
    client: TestCertificates.Client = .right, role: String = TestCertificates.role,
    host: String = "localhost", authority: String = "authority", more: String = ""
  ) throws -> ConnectionOptions {
    try ConnectionOptions(
      parsing: text(client: client, role: role, host: host, authority: authority, more: more))
  }
}

/// A listener on loopback that lets the kernel accept connections and never says a word.
final class BlackHole: Sendable {
  let port: Int
  private let descriptor: CInt

  init(backlog: CInt = 16) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length) == 0 && listen(descriptor, backlog) == 0
          && getsockname(descriptor, generic, &length) == 0
      }
    }
    guard isBound else { throw Program.Failure(message: "no free port") }
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  func stop() { close(descriptor) }
}
