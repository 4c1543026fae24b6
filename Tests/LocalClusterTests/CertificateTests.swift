import FoundationEssentials
import Testing

@testable import LocalCluster

/// What is made is judged by OpenSSL, not by the library that made it.
@Suite struct CertificateTests {
  let scratch: Scratch
  let authority: CertificateAuthority

  init() throws {
    scratch = try Scratch()
    authority = try CertificateAuthority.create(folder: "\(scratch.path)/ca")
  }

  @Test func serverCertificateHoldsItsNames() async throws {
    let files = try authority.issueServer(
      names: ["localhost", "db.example"], addresses: ["127.0.0.1", "::1"], folder: scratch.path)
    for check in [["-verify_hostname", "db.example"], ["-verify_ip", "127.0.0.1"], []] {
      let arguments =
        ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", authority.files.certificate]
        + check + [files.certificate]
      let result = try await Command.run("/usr/bin/openssl", arguments)
      #expect(result.succeeded, "\(check): \(result.output)\(result.errors)")
    }
    let wrong = try await Command.run(
      "/usr/bin/openssl",
      [
        "verify", "-CAfile", authority.files.certificate, "-verify_hostname", "other.example",
        files.certificate,
      ])
    #expect(!wrong.succeeded)
    let text = try await output("openssl", "x509", "-in", files.certificate, "-noout", "-text")
    #expect(text.contains("DNS:localhost, DNS:db.example, IP Address:127.0.0.1"))
    #expect(text.contains("TLS Web Server Authentication"))
    #expect(text.contains("prime256v1"))
  }

  @Test func clientCertificateNamesItsRole() async throws {
    let files = try authority.issueClient(role: "eu-1", folder: scratch.path)
    let subject = try await output(
      "openssl", "x509", "-in", files.certificate, "-noout", "-subject", "-nameopt", "RFC2253")
    #expect(subject == "subject=CN=eu-1\n")
    _ = try await output(
      "openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile",
      authority.files.certificate, files.certificate)
    let server = try await Command.run(
      "/usr/bin/openssl",
      [
        "verify", "-purpose", "sslserver", "-CAfile", authority.files.certificate,
        files.certificate,
      ])
    #expect(!server.succeeded)
  }

  @Test func keysAreForTheOwnerAlone() async throws {
    let files = try authority.issueClient(role: "eu-1", folder: scratch.path)
    #expect(mode(of: files.key) == 0o600)
    #expect(mode(of: authority.files.key) == 0o600)
    let ofKey = try await output("openssl", "pkey", "-in", files.key, "-pubout")
    let ofCertificate = try await output(
      "openssl", "x509", "-in", files.certificate, "-noout", "-pubkey")
    #expect(ofKey == ofCertificate)
  }

  @Test func datesAreAsAsked() async throws {
    let validity = CertificateValidity(
      notBefore: Date(timeIntervalSince1970: 1_600_000_000),
      notAfter: Date(timeIntervalSince1970: 1_700_000_000))
    let files = try authority.issueServer(validity: validity, folder: scratch.path)
    let dates = try await output(
      "openssl", "x509", "-in", files.certificate, "-noout", "-dates")
    #expect(
      dates == "notBefore=Sep 13 12:26:40 2020 GMT\nnotAfter=Nov 14 22:13:20 2023 GMT\n")
    #expect(CertificateValidity.days(-1).notAfter < Date())
    #expect(CertificateValidity.days(-1).notBefore < CertificateValidity.days(-1).notAfter)
  }

  @Test func anExistingAuthorityIsTakenUpAgain() throws {
    let again = try CertificateAuthority.open(folder: "\(scratch.path)/ca")
    let files = try again.issueClient(role: "eu-1", folder: scratch.path)
    let soon = Date().addingTimeInterval(86_400)
    #expect(authority.vouches(for: files, commonName: "eu-1", until: soon))
    #expect(!authority.vouches(for: files, commonName: "eu-2", until: soon))
    #expect(!authority.vouches(for: files, commonName: "eu-1", until: .distantFuture))
    let other = try CertificateAuthority.create(folder: "\(scratch.path)/other")
    #expect(!other.vouches(for: files, commonName: "eu-1", until: soon))
  }

  @Test func aStrangersKeyIsNoticed() throws {
    let other = try CertificateAuthority.create(folder: "\(scratch.path)/other")
    let key = try #require(try LocalFile.read(other.files.key))
    try LocalFile.write(key, to: authority.files.key, mode: 0o600)
    #expect {
      try CertificateAuthority.open(folder: "\(scratch.path)/ca")
    } throws: {
      ($0 as? LocalClusterError)?.code == .damagedFile
    }
  }
}
