import NIOSSL

extension APIConfiguration.TLSFiles {
  /// TLS 1.2 or later, HTTP/1.1 only. Reads both files and checks that they belong together.
  func tlsConfiguration() throws(APIConfigurationError) -> TLSConfiguration {
    let chain: [NIOSSLCertificate]
    do {
      chain = try NIOSSLCertificate.fromPEMFile(certificateChainPath)
      guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
    } catch {
      throw APIConfigurationError(
        code: .certificate, detail: "No certificate in PEM at \(certificateChainPath).")
    }
    let key: NIOSSLPrivateKey
    do {
      key = try NIOSSLPrivateKey(file: privateKeyPath, format: .pem)
    } catch {
      throw APIConfigurationError(
        code: .privateKey, detail: "No private key in PEM at \(privateKeyPath).")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    do {
      _ = try NIOSSLContext(configuration: configuration)
    } catch {
      throw APIConfigurationError(
        code: .mismatch,
        detail: "The key at \(privateKeyPath) does not fit \(certificateChainPath).")
    }
    return configuration
  }
}
