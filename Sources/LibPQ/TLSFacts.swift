internal import CLibPQ
internal import COpenSSL
public import FoundationEssentials
internal import Glibc

/// What libssl says about a live connection.
public struct TLSFacts: Sendable, Equatable {
  /// `TLSv1.3`; nothing else is accepted.
  public let protocolVersion: String
  /// For example `TLS_AES_256_GCM_SHA384`.
  public let cipher: String
  /// The server certificate's subject, as RFC 2253 writes names.
  public let peerSubject: String
  /// Who signed it.
  public let peerIssuer: String
  /// When it ends.
  public let peerNotAfter: Date
  /// When this client's own certificate ends.
  public let clientNotAfter: Date?
}

extension Session {
  /// Throws `tlsRefused` unless the live connection is what was demanded: asked of libssl, not
  /// of the options that should have brought it about.
  func verifyTLS() throws(LibPQError) {
    let facts = try tlsFacts()
    guard let handle, PQsslInUse(handle) == 1, facts.protocolVersion == "TLSv1.3",
      let ssl = Self.ssl(of: handle), SSL_get_verify_result(ssl) == 0
    else {
      throw LibPQError(
        .tlsRefused, "the connection has \(facts.protocolVersion), expected TLSv1.3, verified")
    }
  }

  func tlsFacts() throws(LibPQError) -> TLSFacts {
    guard let handle, !signals.isCloseRequested else {
      throw LibPQError(.closed, "the connection is closed")
    }
    guard let ssl = Self.ssl(of: handle), let certificate = SSL_get1_peer_certificate(ssl) else {
      throw LibPQError(.tlsRefused, "the connection has no TLS, or no server certificate")
    }
    defer { X509_free(certificate) }
    guard let notAfter = Self.notAfter(certificate) else {
      throw LibPQError(.tlsRefused, "the server's certificate has no readable end")
    }
    return TLSFacts(
      protocolVersion: String(cString: SSL_get_version(ssl)),
      cipher: String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))),
      peerSubject: Self.text(X509_get_subject_name(certificate)),
      peerIssuer: Self.text(X509_get_issuer_name(certificate)),
      peerNotAfter: notAfter,
      clientNotAfter: SSL_get_certificate(ssl).flatMap(Self.notAfter))
  }

  private static func ssl(of handle: OpaquePointer) -> OpaquePointer? {
    PQsslStruct(handle, "OpenSSL").map { OpaquePointer($0) }
  }

  private static func notAfter(_ certificate: OpaquePointer) -> Date? {
    var parts = tm()
    guard ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1 else { return nil }
    return Date(timeIntervalSince1970: Double(timegm(&parts)))
  }

  private static func text(_ name: OpaquePointer?) -> String {
    guard let name, let buffer = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(buffer) }
    guard X509_NAME_print_ex(buffer, name, 0, openssl_name_flags_rfc2253) >= 0 else { return "" }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = Int(BIO_read(buffer, &bytes, CInt(bytes.count)))
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
