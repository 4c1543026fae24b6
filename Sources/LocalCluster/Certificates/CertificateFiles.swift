/// Where a certificate and its private key lie.
public struct CertificateFiles: Sendable, Equatable {
  /// Absolute path of the certificate, PEM.
  public let certificate: String
  /// Absolute path of the private key, PEM (PKCS 8), mode 0600.
  public let key: String

  /// Names the two files.
  public init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }

  /// `folder/name.crt` and `folder/name.key`.
  public init(folder: String, name: String) {
    self.init(certificate: "\(folder)/\(name).crt", key: "\(folder)/\(name).key")
  }
}
