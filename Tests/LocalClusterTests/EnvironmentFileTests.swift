import Testing

@testable import LocalCluster

@Suite struct EnvironmentFileTests {
  static let values = [
    "plain", "two words", "it's", "''", "$HOME `id` $(id)", #"back\slash "double""#, "a\nb", "",
    "*?[", "ünï", "#no comment", "-n",
  ]

  @Test func aShellReadsWhatWasWritten() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/env"
    let file = EnvironmentFile(Self.values.enumerated().map { ("V\($0.offset)", $0.element) })
    try file.write(to: path)
    #expect(mode(of: path) == 0o600)
    for (index, value) in Self.values.enumerated() {
      for script in [#". "$0"; printf %s "$V\#(index)""#, #"set -a; . "$0"; printenv V\#(index)"#] {
        let text = try await output("bash", "-c", script, path)
        #expect(text == value || text == value + "\n", "\(script)")
      }
    }
    #expect(try EnvironmentFile.read(path) == file)
    #expect(try EnvironmentFile.read("\(scratch.path)/none") == nil)
  }

  @Test func otherWritingIsRead() {
    let file = EnvironmentFile(parsing: "# A=1\nB=2\n  export C='3'\"\n\nif x\nD=a\\ b\n")
    #expect(file["A"] == nil)
    #expect(file["B"] == "2")
    #expect(file["D"] == "a b")
  }

  @Test func pathsAreEncoded() {
    let uri = ConnectionURI(
      role: "eu-1", port: 7800, database: "serial", authority: "/a b/c's%&?.crt", client: nil)
    #expect(
      uri.description == "postgresql://eu-1@localhost:7800/serial?sslmode=verify-full"
        + "&sslrootcert=/a%20b/c%27s%25%26%3F.crt")
  }
}
