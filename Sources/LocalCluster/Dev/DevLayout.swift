/// Where things lie under a project's `.serial`.
struct DevLayout {
  /// `.serial` itself, absolute.
  let folder: String

  var lock: String { "\(folder)/lock" }
  var authority: String { "\(folder)/ca" }
  var certificates: String { "\(folder)/certs" }
  var logs: String { "\(folder)/logs" }
  var journals: String { "\(folder)/journals" }
  var run: String { "\(folder)/run" }
  var secret: String { "\(folder)/secret" }
  var environment: String { "\(folder)/env" }
  var memory: String { "\(folder)/cluster.json" }

  func log(_ name: String) -> String { "\(logs)/\(name).log" }
  func journal(_ name: String) -> String { "\(journals)/\(name)" }
  func record(_ name: String) -> String { "\(run)/\(name).json" }
  func client(_ role: String) -> CertificateFiles {
    CertificateFiles(folder: certificates, name: role)
  }
  var server: CertificateFiles { CertificateFiles(folder: certificates, name: "server") }

  /// Makes the folders. `.serial` may be passed through (0711) when PostgreSQL runs as another
  /// account and its data lies there; every secret in it has mode 0600.
  func make(passable: Bool) throws {
    try Folder.make(folder, mode: passable ? 0o711 : 0o700)
    for part in [authority, certificates, journals, logs, run] {
      try Folder.make(part, mode: 0o700)
    }
  }
}
