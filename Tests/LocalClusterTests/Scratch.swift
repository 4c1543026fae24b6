import Glibc

@testable import LocalCluster

/// A temporary folder that is removed when the value goes.
final class Scratch: Sendable {
  let path: String

  init(mode: mode_t = 0o700) throws {
    var template = Array("/tmp/seriald scratch's XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw LocalClusterError.system("mkdtemp", "/tmp") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    chmod(path, mode)
  }

  deinit { try? Folder.removeAll(path) }
}

/// Runs a command that must succeed and gives what it prints.
func output(_ program: String, _ arguments: String...) async throws -> String {
  let path = Command.find(program) ?? program
  let result = try await Command.run(path, arguments)
  guard result.succeeded else {
    throw LocalClusterError(.commandFailed, "\(program): \(result.output)\(result.errors)")
  }
  return result.output
}

/// The permission bits of a file.
func mode(of path: String) -> mode_t {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
}

/// The error that the work throws, `nil` when it throws none.
func failure(_ work: () async throws -> Void) async -> LocalClusterError? {
  do {
    try await work()
    return nil
  } catch {
    return error as? LocalClusterError
  }
}

/// A process that does nothing until it is ended.
func sleeper() throws -> Child {
  var request = SpawnRequest(executable: "/bin/sleep")
  request.arguments = ["600"]
  request.environment = Command.basicEnvironment
  return try request.spawn()
}
