import Foundation
import LocalCluster
import NIOSSL

/// Certificates of two authorities, in a folder that is gone after the test.
struct TLSFiles {
  let authority: String
  let otherAuthority: String
  /// For 127.0.0.1.
  let server: NIOSSLContext
  /// Of the same authority, for another host.
  let elsewhere: NIOSSLContext

  static func run(_ body: (TLSFiles) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "serial-client-" + UUID().uuidString
    let other = folder + "/other"
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(TLSFiles(folder, other)))
    } catch { result = .failure(error) }
    try FileManager.default.removeItem(atPath: folder)
    try result.get()
  }

  private init(_ folder: String, _ otherFolder: String) throws {
    let authority = try CertificateAuthority.create(folder: folder)
    let other = try CertificateAuthority.create(folder: otherFolder)
    self.authority = authority.files.certificate
    otherAuthority = other.files.certificate
    server = try Self.context(try authority.issueServer(folder: folder))
    elsewhere = try Self.context(
      try authority.issueServer(
        names: ["elsewhere.example"], addresses: [], folder: folder, file: "elsewhere"))
  }

  private static func context(_ files: CertificateFiles) throws -> NIOSSLContext {
    try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(file: files.key, format: .pem))))
  }
}
