import ArgumentParser
import Foundation
import LibPQ
import Logging

/// The administrator's connection that `migrate` and `enroll` work on: `SERIAL_DATABASE_URL`. It is
/// not an option, because other accounts can read the arguments of a process.
enum AdministratorConnection {
  static func open() async throws -> LibPQ.Connection {
    guard let url = ProcessInfo.processInfo.environment["SERIAL_DATABASE_URL"], !url.isEmpty else {
      throw ValidationError(
        "SERIAL_DATABASE_URL is not set: expected an administrator's connection, for example "
          + "postgresql://postgres@db.example/serial?sslmode=verify-full&sslrootcert=ca.crt"
          + "&sslcert=postgres.crt&sslkey=postgres.key")
    }
    var logger = Logger(label: "seriald")
    logger.logLevel = .warning
    do throws(LibPQError) {
      return try await Connection.connect(
        try ConnectionOptions(parsing: url), limits: .migration, logger: logger)
    } catch {
      throw CommandFailure(description: "No connection to the coordinator: \(error.explanation)")
    }
  }
}

/// What is said to a person when a command fails: the text, not the type.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String

  init(description: String) { self.description = description }

  /// What went wrong while something was attempted.
  init(_ attempt: String, _ error: any Error) {
    let why = (error as? LibPQError)?.explanation ?? "\(error)"
    description = "\(attempt): \(why)"
  }
}
