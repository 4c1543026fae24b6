/// Gives a failed attempt to connect its code and a hint.
///
/// libpq 15 hands out only a text for this. The SQLSTATE is read from it (the verbose form has it,
/// whatever the language), and the certificate's verdict comes from libssl. What is left is told
/// apart by libpq's and OpenSSL's English words: that decides between the three codes of a failed
/// connect, all of which mean "not connected", and the hint. Nothing else depends on words.
struct ConnectFailure: Equatable {
  let code: LibPQError.Code
  let sqlState: String?
  let hint: String?

  /// - Parameters:
  ///   - text: libpq's message, verbose.
  ///   - certificateVerdict: libssl's `X509_V_...`, 0 when the server's certificate is right,
  ///     `nil` when the handshake did not start.
  init(text: String, certificateVerdict: Int?) {
    let sqlState = Self.sqlState(in: text)
    self.sqlState = sqlState
    if let sqlState {
      code = sqlState.hasPrefix("28") ? .authenticationFailed : .connectFailed
      hint = Self.serverHints.first { text.contains($0.words) }?.hint ?? Self.hints[sqlState]
      return
    }
    if let certificateVerdict, certificateVerdict != 0 {
      code = .tlsRefused
      hint =
        Self.verdictHints[certificateVerdict]
        ?? "the server's certificate was not accepted (libssl's verdict \(certificateVerdict))"
      return
    }
    if let match = Self.tlsHints.first(where: { text.contains($0.words) }) {
      code = .tlsRefused
      hint = match.hint
      return
    }
    let speaksOfTLS = ["SSL", "certificate", "TLS"].contains { text.contains($0) }
    code = speaksOfTLS ? .tlsRefused : .connectFailed
    hint = Self.networkHints.first { text.contains($0.words) }?.hint
  }

  /// The SQLSTATE of the last reply in a verbose message: `FATAL:  28000: ...`.
  static func sqlState(in text: String) -> String? {
    var found: String?
    for part in text.split(separator: ":  ").dropFirst() {
      let state = part.prefix(5)
      let isState = state.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5a).contains($0)
      }
      if state.utf8.count == 5, isState, part.dropFirst(5).first == ":" { found = String(state) }
    }
    return found
  }

  private typealias Hint = (words: String, hint: String)

  private static let hints = [
    "28000": "the server's pg_hba.conf or pg_ident.conf does not let this role in",
    "28P01": "the password is wrong",
    "3D000": "there is no such database",
    "53300": "the server has no connection left",
    "57P03": "the server is starting up, shutting down or recovering",
  ]

  private static let serverHints: [Hint] = [
    (
      "valid client certificate",
      "the server asks for a client certificate and got none: look at sslcert and sslkey"
    ),
    ("certificate authentication failed", "the client certificate's name is not the role's name"),
    ("pg_hba.conf", "the server's pg_hba.conf has no entry that lets this role in over TLS"),
  ]

  private static let verdictHints = [
    9: "the server's certificate is not valid yet",
    10: "the server's certificate has expired",
    18: "the server's certificate is signed by itself, not by the authority of sslrootcert",
    19: "the server's certificate is signed by an authority that sslrootcert does not hold",
    20: "the server's certificate is signed by an authority that sslrootcert does not hold",
    21: "the server's certificate is signed by an authority that sslrootcert does not hold",
    7: "the server's certificate carries a signature that its authority did not make",
    23: "the server's certificate is revoked",
  ]

  private static let tlsHints: [Hint] = [
    ("server does not support SSL", "the server does not do TLS: set ssl = on there"),
    ("does not match host name", "the server's certificate is for another host name"),
    // libssl's verdict is gone when the handshake began and failed within one step of libpq
    (
      "certificate verify failed",
      "the server's certificate did not verify: it is signed by another authority than that of "
        + "sslrootcert, or it has expired, or is not valid yet"
    ),
    ("certificate required", "the server asks for a client certificate and got none"),
    (
      "unknown ca", "the server does not know the authority that signed the client's certificate"
    ),
    ("certificate expired", "the client's certificate has expired"),
    ("certificate revoked", "the client's certificate is revoked"),
    ("bad certificate", "the server does not accept the client's certificate"),
    ("protocol version", "the server does not do TLS 1.3"),
    ("unsupported protocol", "the server does not do TLS 1.3"),
    ("private key file", "sslkey must be readable, belong to this user, and to nobody else (0600)"),
    ("key values mismatch", "sslkey is not the key of the certificate in sslcert"),
  ]

  private static let networkHints: [Hint] = [
    ("Connection refused", "nothing listens there"),
    ("could not translate host name", "the host's name cannot be resolved"),
    ("session is read-only", "this server is a standby, or is set to read only"),
    ("server is in hot standby mode", "this server is a standby"),
    (
      "closed the connection unexpectedly",
      "the server hung up; its log says why (a client certificate it did not accept, a restart)"
    ),
  ]
}
