import ArgumentParser
import Coordinator
import LibPQ

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate",
    abstract: "Bring the coordinator's schema to the version of this binary.",
    discussion: """
      Works on the database of SERIAL_DATABASE_URL, as an administrator. Each migration is one \
      transaction; an advisory lock makes a second run wait, and find nothing to do.

      EXAMPLE
        SERIAL_DATABASE_URL="$DATABASE_URL" seriald migrate
      """)

  func run() async throws {
    let connection = try await AdministratorConnection.open()
    let applied: [Migration]
    do {
      applied = try await Migrator(connection: connection).run { migration in
        print("applying \(migration.version) \(migration.name)")
      }
    } catch {
      await connection.close()
      throw CommandFailure("The schema was not brought up to date", error)
    }
    await connection.close()
    let version = Migration.supported.upperBound
    print(
      applied.isEmpty
        ? "The schema has version \(version) already: nothing to do."
        : "The schema has version \(version) now.")
  }
}
