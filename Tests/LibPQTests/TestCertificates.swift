import Foundation

/// An authority and certificates for the tests, made by the openssl program.
struct TestCertificates: Sendable {
  let folder: URL

  /// Certificates of servers: what is right or wrong with them.
  enum Server: String, CaseIterable { case right, wrongName, otherAuthority, expired }
  /// Certificates of clients. All but `otherRole` carry the role's name.
  enum Client: String, CaseIterable { case right, otherRole, otherAuthority, expired }

  static let role = "node1"

  init(folder: URL) throws {
    self.folder = folder
    for authority in ["authority", "other"] {
      try Program.run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", path("\(authority).key"), "-out", path("\(authority).crt"),
        "-subj", "/CN=LibPQ test \(authority)", "-days", "2")
    }
    for server in Server.allCases {
      try make(
        "server-\(server)", subject: "/CN=postgres",
        names: server == .wrongName ? "DNS:elsewhere.example" : "DNS:localhost,IP:127.0.0.1",
        authority: server == .otherAuthority ? "other" : "authority",
        days: server == .expired ? -1 : 2)
    }
    for client in Client.allCases {
      try make(
        "client-\(client)", subject: client == .otherRole ? "/CN=somebody" : "/CN=\(Self.role)",
        names: nil, authority: client == .otherAuthority ? "other" : "authority",
        days: client == .expired ? -1 : 2)
    }
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  private func make(
    _ name: String, subject: String, names: String?, authority: String, days: Int
  ) throws {
    try Program.run(
      "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-keyout", path("\(name).key"), "-out", path("\(name).csr"), "-subj", subject,
      more: names.map { ["-addext", "subjectAltName=\($0)"] } ?? [])
    try Program.run(
      "openssl", "x509", "-req", "-in", path("\(name).csr"), "-CA", path("\(authority).crt"),
      "-CAkey", path("\(authority).key"), "-CAcreateserial", "-days", "\(days)",
      "-copy_extensions", "copy", "-out", path("\(name).crt"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: path("\(name).key"))
  }
}

/// Runs programs to their end, with an environment that holds nothing but a path.
enum Program {
  struct Failure: Error { let message: String }

  @discardableResult
  static func run(_ program: String, _ arguments: String..., more: [String] = []) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments + more
    process.environment = ["PATH": "/usr/lib/postgresql/15/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    process.currentDirectoryURL = URL(filePath: "/")
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: bytes, as: UTF8.self)
    guard process.terminationStatus == 0 else {
      throw Failure(message: "\(program) \(arguments + more) failed: \(text)")
    }
    return text
  }
}
