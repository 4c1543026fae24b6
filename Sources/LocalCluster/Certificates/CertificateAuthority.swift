import Crypto
public import FoundationEssentials
import SwiftASN1
import X509

/// A certificate authority of this machine alone: P-256, in two files.
///
/// It makes the certificates by which PostgreSQL and its clients know each other. Its key lies
/// unencrypted with mode 0600 beside the cluster; it is made for one cluster and trusted by nothing
/// else.
public struct CertificateAuthority: Sendable {
  /// The authority's own certificate and key.
  public let files: CertificateFiles
  let certificate: Certificate
  private let key: Certificate.PrivateKey

  /// Loads the authority in `folder` (`ca.crt`, `ca.key`); makes it when there is none.
  ///
  /// - Throws: `damagedFile` when the two files do not belong together.
  public static func open(
    folder: String, name: String = "seriald local authority",
    validity: CertificateValidity = .days(3650)
  ) throws -> CertificateAuthority {
    try load(folder: folder) ?? create(folder: folder, name: name, validity: validity)
  }

  /// The authority in `folder`; `nil` when there is none.
  public static func load(folder: String) throws -> CertificateAuthority? {
    let files = CertificateFiles(folder: folder, name: "ca")
    guard let certificate = try Pem.certificate(at: files.certificate),
      let key = try Pem.key(at: files.key)
    else { return nil }
    guard certificate.publicKey == key.publicKey else {
      throw LocalClusterError(
        .damagedFile, "\(files.key) is not the key of \(files.certificate).",
        advice: "Remove both; they are made anew, with all certificates.")
    }
    return CertificateAuthority(files: files, certificate: certificate, key: key)
  }

  /// Makes a new authority in `folder`, in place of any that is there.
  public static func create(
    folder: String, name: String = "seriald local authority",
    validity: CertificateValidity = .days(3650)
  ) throws -> CertificateAuthority {
    if !Folder.isFolder(folder) { try Folder.make(folder, mode: 0o711) }
    let files = CertificateFiles(folder: folder, name: "ca")
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let subject = try DistinguishedName { CommonName(name) }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key.publicKey,
      notValidBefore: validity.notBefore, notValidAfter: validity.notAfter,
      issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: key.publicKey)
      },
      issuerPrivateKey: key)
    // The key first: after a crash in between there is no certificate, and both are made anew.
    try LocalFile.remove(files.certificate)
    try Pem.write(key, to: files.key)
    try Pem.write(certificate, to: files.certificate)
    return CertificateAuthority(files: files, certificate: certificate, key: key)
  }

  /// Makes a server's certificate and writes it as `folder/file.crt` and `folder/file.key`.
  ///
  /// - Parameters:
  ///   - names: the DNS names a client may ask for; the first is the subject's common name.
  ///   - addresses: the IPv4 or IPv6 addresses a client may ask for.
  public func issueServer(
    names: [String] = ["localhost"], addresses: [String] = ["127.0.0.1", "::1"],
    validity: CertificateValidity = .days(397), folder: String, file: String = "server"
  ) throws -> CertificateFiles {
    var alternatives = names.map { GeneralName.dnsName($0) }
    for address in addresses { alternatives.append(.ipAddress(try Self.octets(of: address))) }
    return try issue(
      commonName: names.first ?? addresses.first ?? "server",
      usage: .serverAuth, alternatives: alternatives, validity: validity,
      to: CertificateFiles(folder: folder, name: file))
  }

  /// Makes a client's certificate, whose common name is the database role, and writes it as
  /// `folder/ROLE.crt` and `folder/ROLE.key` (or under the name `file`).
  public func issueClient(
    role: String, validity: CertificateValidity = .days(397), folder: String, file: String? = nil
  ) throws -> CertificateFiles {
    try issue(
      commonName: role, usage: .clientAuth, alternatives: [], validity: validity,
      to: CertificateFiles(folder: folder, name: file ?? role))
  }

  /// Whether the files hold a certificate of this authority with its key and this common name that
  /// still holds at `instant`. Anything else wants to be made anew.
  public func vouches(
    for files: CertificateFiles, commonName: String, until instant: Date
  ) -> Bool {
    guard let leaf = (try? Pem.certificate(at: files.certificate)) ?? nil,
      let leafKey = (try? Pem.key(at: files.key)) ?? nil
    else { return false }
    return leaf.publicKey == leafKey.publicKey
      && leaf.notValidAfter >= instant
      && leaf.subject == (try? DistinguishedName { CommonName(commonName) })
      && certificate.publicKey.isValidSignature(leaf.signature, for: leaf)
  }

  /// Until when the authority's own certificate holds.
  public var end: Date { certificate.notValidAfter }

  private func issue(
    commonName: String, usage: ExtendedKeyUsage.Usage, alternatives: [GeneralName],
    validity: CertificateValidity, to files: CertificateFiles
  ) throws -> CertificateFiles {
    let folder = Folder.parent(of: files.certificate)
    if !Folder.isFolder(folder) { try Folder.make(folder, mode: 0o711) }
    let leafKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let issuerIdentifier = SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier
    var extensions = try Certificate.Extensions {
      Critical(BasicConstraints.notCertificateAuthority)
      Critical(KeyUsage(digitalSignature: true))
      try ExtendedKeyUsage([usage])
      SubjectKeyIdentifier(hash: leafKey.publicKey)
      AuthorityKeyIdentifier(keyIdentifier: issuerIdentifier)
    }
    if !alternatives.isEmpty {
      try extensions.append(.init(SubjectAlternativeNames(alternatives), critical: false))
    }
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: leafKey.publicKey,
      notValidBefore: validity.notBefore, notValidAfter: validity.notAfter,
      issuer: certificate.subject, subject: try DistinguishedName { CommonName(commonName) },
      signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions, issuerPrivateKey: key)
    try Pem.write(leafKey, to: files.key)
    try Pem.write(leaf, to: files.certificate)
    return files
  }

  private static func octets(of address: String) throws -> ASN1OctetString {
    guard let bytes = IPAddress.bytes(of: address) else {
      throw LocalClusterError(.damagedFile, "\(address) is not an IP address.")
    }
    return ASN1OctetString(contentBytes: bytes[...])
  }
}
