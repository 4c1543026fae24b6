import ArgumentParser
import Foundation
import SerialAuth

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make a bearer token from the cluster's HS256 secret.",
    discussion: """
      The secret is read from the file of --secret-file, else from the environment: \
      SERIAL_AUTH_HS256_SECRET_FILE or SERIAL_AUTH_HS256_SECRET; it is never an argument. Anybody \
      who has the token has its scopes until it ends.

      EXAMPLES
        serialctl token --subject ci --scope serials:allocate --lifetime 3600
        serialctl token --subject ops --scope cluster:read --scope cluster:admin
      """)

  private static let scopeNames = Scope.allCases.map(\.rawValue).joined(separator: ", ")

  @Option(help: "Who the token is for: up to 200 bytes, written into the issue log.")
  var subject: String

  @Option(
    name: .customLong("scope"), help: "A scope; may be given several times.",
    transform: { text in
      guard let scope = Scope(rawValue: text) else {
        throw ValidationError("\(text) is no scope: expected one of \(Self.scopeNames)")
      }
      return scope
    })
  var scopes: [Scope] = []

  @Option(help: "How long it lives, in seconds, 60...31622400.")
  var lifetime = 86_400

  @Option(help: "The audience that the nodes expect.")
  var audience = "seriald"

  @Option(help: "File with the secret.")
  var secretFile: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard TokenMinter.lifetimeRange.contains(lifetime) else {
      throw ValidationError("--lifetime is \(lifetime): expected 60...31622400")
    }
    guard !scopes.isEmpty else {
      throw ValidationError("--scope is missing: expected at least one of \(Self.scopeNames)")
    }
  }

  func run() async throws {
    try await control {
      let token: String
      do {
        token = try await TokenMinter(secret: try TokenSecret(try secret())).mint(
          subject: subject, scopes: Set(scopes), audience: audience, lifetimeSeconds: lifetime)
      } catch let error as ControlFailure {
        throw error
      } catch {
        throw ControlFailure(.refused, "no token was made: \(error)")
      }
      if output.json {
        print(try pretty(JSONEncoder().encode(["token": token])))
      } else {
        print(token)
      }
    }
  }

  private func secret() throws(ControlFailure) -> String {
    let environment = ProcessInfo.processInfo.environment
    if let path = secretFile ?? environment["SERIAL_AUTH_HS256_SECRET_FILE"] {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw ControlFailure(.refused, "the secret's file \(path) cannot be read")
      }
      return String(decoding: data, as: UTF8.self)
    }
    guard let secret = environment["SERIAL_AUTH_HS256_SECRET"] else {
      throw ControlFailure(
        .refused,
        "no secret: give --secret-file, or set SERIAL_AUTH_HS256_SECRET_FILE or "
          + "SERIAL_AUTH_HS256_SECRET")
    }
    return secret
  }
}
