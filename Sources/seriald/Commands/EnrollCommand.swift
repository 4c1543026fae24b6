import ArgumentParser
import Coordinator
import LibPQ

struct EnrollCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enroll",
    abstract: "Make a node known to the coordinator.",
    discussion: """
      Makes a database role of the node's name, which may call the node's functions and nothing \
      else. The node logs in with a client certificate whose common name is that role. Works on the \
      database of SERIAL_DATABASE_URL, as an administrator. Running it again is harmless.

      EXAMPLE
        SERIAL_DATABASE_URL="$DATABASE_URL" seriald enroll eu-1 --region eu
      """)

  @Argument(help: "The node's name: a lower-case letter, then letters, digits and hyphens.")
  var node: String

  @Option(help: "The node's region, in the same letters.")
  var region: String

  func validate() throws {
    for (what, text) in [("node", node), ("region", region)]
    where text.wholeMatch(of: /[a-z][a-z0-9-]{0,62}/) == nil {
      throw ValidationError(
        "\(what) is \(text): expected a lower-case letter, then up to 62 lower-case letters, digits "
          + "and hyphens")
    }
  }

  func run() async throws {
    let connection = try await AdministratorConnection.open()
    let isNew: Bool
    do {
      isNew = try await Enrollment.enroll(node: node, region: region, on: connection)
    } catch {
      await connection.close()
      throw CommandFailure("\(node) was not enrolled", error)
    }
    await connection.close()
    print(
      isNew ? "\(node) is enrolled in \(region)." : "\(node) was enrolled in \(region) already.")
  }
}
