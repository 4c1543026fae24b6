import Configuration
import Foundation
import SystemPackage

/// Where values come from: arguments before the environment, the environment before the file.
struct ConfigurationSource {
  let reader: ConfigReader

  /// - Parameters:
  ///   - arguments: `--node-name eu-1` or `--node-name=eu-1`, of the keys of the table only.
  ///   - file: a JSON object, nested by the parts of the names.
  /// Throws `ConfigurationError` for a key that does not exist, or a secret among the arguments.
  init(arguments: [String], environment: [String: String], file: String?) async throws {
    try Self.check(arguments: arguments)
    var providers: [any ConfigProvider] = [
      CommandLineArgumentsProvider(arguments: ["seriald"] + arguments),
      EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "serial"),
    ]
    if let file {
      try Self.check(file: file)
      do {
        providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
      } catch {
        throw ConfigurationError(["the file \(file) cannot be read as configuration: \(error)"])
      }
    }
    reader = ConfigReader(providers: providers)
  }

  private static func check(arguments: [String]) throws(ConfigurationError) {
    var problems: [String] = []
    var expectsValue = false
    for argument in arguments {
      guard argument.hasPrefix("--") else {
        if !expectsValue { problems.append("unexpected argument \(argument)") }
        expectsValue = false
        continue
      }
      let name = String(argument.prefix { $0 != "=" })
      expectsValue = !argument.contains("=")
      guard let key = ConfigurationKey.all.first(where: { $0.argumentName == name }) else {
        problems.append("unknown option \(name); `seriald serve --list-keys` lists the keys")
        continue
      }
      if key.isSecret {
        problems.append(
          "\(name) is a secret and other accounts can read arguments: use \(key.environmentName)")
      }
    }
    if !problems.isEmpty { throw ConfigurationError(problems) }
  }

  /// A key that is spelt wrong would be left out silently: each must be one of the table.
  private static func check(file: String) throws(ConfigurationError) {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw ConfigurationError(["the file \(file) cannot be read"])
    }
    guard let object = try? JSONSerialization.jsonObject(with: data),
      let root = object as? [String: Any]
    else { throw ConfigurationError(["the file \(file) is not a JSON object"]) }
    let known = Set(ConfigurationKey.all.map(\.name))
    let problems = leaves(of: root, under: "").compactMap { name, value -> String? in
      guard known.contains(name) else { return "unknown key \(name) in \(file)" }
      if value is Bool || !(value is String || value is Int) {
        return "\(name) in \(file) is \(value): expected a text or a whole number"
      }
      return nil
    }
    if !problems.isEmpty { throw ConfigurationError(problems.sorted()) }
  }

  private static func leaves(of object: [String: Any], under prefix: String) -> [(String, Any)] {
    object.flatMap { key, value -> [(String, Any)] in
      let name = prefix + key
      return (value as? [String: Any]).map { leaves(of: $0, under: name + ".") } ?? [(name, value)]
    }
  }
}

/// Everything that is wrong with a configuration, not only the first thing.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  let problems: [String]

  init(_ problems: [String]) { self.problems = problems }

  var description: String { problems.joined(separator: "\n") }
}
