import ArgumentParser
import FoundationEssentials
import Glibc
import LocalCluster

/// Writing to the terminal, and what the process knows of itself.
enum DevConsole {
  /// Something is not running: `dev status` ends with this.
  static let incomplete = ExitCode(3)
  /// A step failed.
  static let failed = ExitCode(1)

  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// The path of a program in the folder of this one.
  static func beside(_ name: String) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let own = String(
      decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = own.lastIndex(of: "/") else { return name }
    return "\(own[..<slash])/\(name)"
  }

  /// As a shell wants it: unchanged when nothing in it is special.
  static func quote(_ text: String) -> String {
    let plain = text.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+:@%=,".contains($0))
    }
    guard !plain else { return text }
    let parts = text.split(separator: "'", omittingEmptySubsequences: false)
    return "'\(parts.joined(separator: #"'\''"#))'"
  }

  /// A line at once, also when the output is a pipe.
  static func print(_ line: String, toErrors: Bool = false) {
    let bytes = Array("\(line)\n".utf8)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(toErrors ? 2 : 1, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  static func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Runs the work; an error becomes a message that says what to do, and exit code 1.
  static func run<Value>(_ work: () async throws -> Value) async throws -> Value {
    do {
      return try await work()
    } catch let error as LocalClusterError {
      print("error: \(error.message)", toErrors: true)
      if !error.advice.isEmpty { print(error.advice, toErrors: true) }
      throw failed
    }
  }
}
