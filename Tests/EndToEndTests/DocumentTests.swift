import Foundation
import Testing

/// Documents that speak of names in the code are held against them.
struct DocumentTests {
  /// The project's folder, above this file.
  private static let project = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.project.appending(path: path), encoding: .utf8)
  }

  @Test func theTableOfKeysIsThatOfTheProgram() async throws {
    let run = try await TestCluster.program("seriald", ["serve", "--list-keys"], [:])
    run.expectSuccess()
    let rows = run.output.split(separator: "\n")
    #expect(rows.count > 20)
    let document = try text("docs/configuration.md")
    for row in rows { #expect(document.contains(row), "\(row)") }
    let documented = document.split(separator: "\n").filter { $0.contains("| `SERIAL_") }
      .filter { $0.split(separator: "|").count > 4 }
    #expect(documented.count == rows.count - 2, "a row of a key that is gone")
  }

  /// Every test that the protocol's rules point to exists.
  @Test func theGuardsOfTheRulesExist() throws {
    let protocolText = try text("docs/protocol.md")
    let tests = try FileManager.default.subpathsOfDirectory(
      atPath: Self.project.appending(path: "Tests").path(percentEncoded: false)
    ).filter { $0.hasSuffix(".swift") }.map { try text("Tests/" + $0) }.joined()
    let guards = protocolText.split(separator: "\n").filter { $0.hasPrefix("*Guarded by:*") }
    #expect(guards.count >= 8)
    for line in guards {
      for name in line.matches(of: /`([A-Za-z]+)`/).map(\.1) {
        #expect(tests.contains(name), "\(name)")
      }
    }
  }

  /// The links between documents lead somewhere.
  @Test func linksLeadSomewhere() throws {
    for document in ["README.md", "CONTRIBUTING.md", "docs/protocol.md", "docs/architecture.md"] {
      let folder = Self.project.appending(path: document).deletingLastPathComponent()
      for link in try text(document).matches(of: /\]\(([^)#]+)\)/).map(\.1)
      where !link.hasPrefix("http") {
        let path = folder.appending(path: String(link)).path(percentEncoded: false)
        #expect(FileManager.default.fileExists(atPath: path), "\(document): \(link)")
      }
    }
  }
}
