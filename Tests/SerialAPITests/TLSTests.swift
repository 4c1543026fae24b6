import Crypto
import Foundation
import HummingbirdTesting
import NIOCore
import NIOSSL
import SerialAuth
import SwiftASN1
import Testing
import X509

@testable import SerialAPI

@Suite(.timeLimit(.minutes(1))) struct TLSTests {
  let world: World
  let folder: String
  let files: APIConfiguration.TLSFiles
  let otherKeyPath: String

  init() async throws {
    world = try await World()
    let folder = NSTemporaryDirectory() + "serial-tls-" + UUID().uuidString
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let key = P256.Signing.PrivateKey()
    let name = try DistinguishedName { CommonName("localhost") }
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(),
      publicKey: Certificate.PublicKey(key.publicKey),
      notValidBefore: Date(timeIntervalSinceNow: -60),
      notValidAfter: Date(timeIntervalSinceNow: 3600), issuer: name, subject: name,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        BasicConstraints.isCertificateAuthority(maxPathLength: nil)
        SubjectAlternativeNames([.dnsName("localhost")])
      }, issuerPrivateKey: Certificate.PrivateKey(key))
    func write(_ text: String, _ name: String) throws -> String {
      let path = folder + "/" + name
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }
    files = APIConfiguration.TLSFiles(
      certificateChainPath: try write(certificate.serializeAsPEM().pemString, "chain.pem"),
      privateKeyPath: try write(key.pemRepresentation, "key.pem"))
    otherKeyPath = try write(P256.Signing.PrivateKey().pemRepresentation, "other.pem")
  }

  func exchange(
    _ text: String, port: Int, latest: TLSVersion? = nil, filler: Int = 0
  ) async throws -> String {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(files.certificateChainPath)
    configuration.minimumTLSVersion = .tlsv1
    configuration.maximumTLSVersion = latest
    let context = try NIOSSLContext(configuration: configuration)
    return try await RawClient.connected(to: port, tls: (context, "localhost")) { reader, writer in
      try await writer.write(ByteBuffer(string: text))
      for _ in 0..<filler {
        try await writer.write(ByteBuffer(repeating: UInt8(ascii: " "), count: 100_000))
      }
      return try await reader.untilEnd()
    }
  }

  @Test func servesTLS() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try await world.served(tls: files) { port in
      for version in [TLSVersion.tlsv13, .tlsv12] {
        let answer = try await exchange(request, port: port, latest: version)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
      }
      await #expect(throws: (any Error).self) {
        let answer = try await exchange(request, port: port, latest: .tlsv11)
        #expect(answer.isEmpty)
        if answer.isEmpty { throw ChannelError.eof }
      }
      // Plain text at a port that speaks TLS gets nothing.
      let plain = try? await RawClient.exchange(request, port: port)
      #expect(plain?.contains("HTTP") != true)
    }
  }

  @Test func refusesALargeBodyOverTLS() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let token = try await world.token(.allocateSerials)
    try await world.served(tls: files) { port in
      let answer = try await exchange(
        "POST /api/serials/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
          + "Content-Length: 5000000\r\n\r\n", port: port, filler: 50)
      #expect(answer.hasPrefix("HTTP/1.1 413 "))
      #expect(answer.contains("\"code\":\"invalid-request\""))
    }
  }

  @Test func aHandshakeHasItsTime() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let world = world.limited { $0.headMilliseconds = 50 }
    try await world.served(tls: files) { port in
      let answer = try await RawClient.connected(to: port) { reader, _ in
        try await reader.untilEnd()
      }
      #expect(answer.isEmpty)
    }
  }

  @Test func refusesFilesThatDoNotFit() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cases: [(String, String, APIConfigurationError.Code)] = [
      (folder + "/none.pem", files.privateKeyPath, .certificate),
      (files.privateKeyPath, files.privateKeyPath, .certificate),
      (files.certificateChainPath, folder + "/none.pem", .privateKey),
      (files.certificateChainPath, files.certificateChainPath, .privateKey),
      (files.certificateChainPath, otherKeyPath, .mismatch),
    ]
    for (chain, key, code) in cases {
      let configuration = APIConfiguration(
        tls: .init(certificateChainPath: chain, privateKeyPath: key))
      let error = #expect(throws: APIConfigurationError.self) {
        _ = try SerialAPI.makeApplication(world.dependencies, configuration: configuration)
      }
      #expect(error?.code == code)
    }
  }
}

@Suite struct APIConfigurationTests {
  @Test(arguments: [
    ("127.0.0.1", true), ("127.9.8.7", true), ("localhost", true), ("LOCALHOST", true),
    ("::1", true), ("0.0.0.0", false), ("::", false), ("10.0.0.1", false), ("127.evil.com", false),
    ("127.0.0.1.evil.com", false), ("127.0.0.256", false), ("127.0.0", false), ("", false),
    ("localhost.evil.com", false),
  ])
  func loopback(host: String, expected: Bool) {
    #expect(APIConfiguration(host: host).isLoopback == expected)
  }
}
