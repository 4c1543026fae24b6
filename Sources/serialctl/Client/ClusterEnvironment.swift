import Foundation

/// Where the cluster is and who is asking.
struct ClusterEnvironment: Sendable, Equatable {
  let urls: [String]
  let token: String?
  /// Path of the authority's certificate that https nodes are checked with.
  let authority: String?

  /// From the process's environment, else from `.serial/env` in this folder or one above it.
  static func find() throws(ControlFailure) -> ClusterEnvironment {
    var values = ProcessInfo.processInfo.environment
    if values["SERIAL_URLS"] == nil, let file = nearestFile() {
      guard let data = FileManager.default.contents(atPath: file) else {
        throw ControlFailure(.refused, "\(file) cannot be read")
      }
      values.merge(parse(String(decoding: data, as: UTF8.self))) { own, _ in own }
    }
    let urls = (values["SERIAL_URLS"] ?? "").split(separator: " ").map(String.init)
    guard !urls.isEmpty else {
      throw ControlFailure(
        .refused,
        "SERIAL_URLS is not set and there is no .serial/env here or above: run `make up`, or set "
          + "SERIAL_URLS, SERIAL_TOKEN and SERIAL_CA")
    }
    let authority = values["SERIAL_CA"].flatMap { $0.isEmpty ? nil : $0 }
    return ClusterEnvironment(urls: urls, token: values["SERIAL_TOKEN"], authority: authority)
  }

  private static func nearestFile() -> String? {
    var folder = URL(filePath: FileManager.default.currentDirectoryPath).standardizedFileURL
    while true {
      let file = folder.appending(path: ".serial/env").path(percentEncoded: false)
      if FileManager.default.fileExists(atPath: file) { return file }
      let parent = folder.deletingLastPathComponent().standardizedFileURL
      if parent == folder { return nil }
      folder = parent
    }
  }

  /// Lines of the form `export NAME='value'`, as a shell would read them.
  static func parse(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let trimmed = line.trimmingPrefix("export ")
      guard !trimmed.hasPrefix("#"), let equals = trimmed.firstIndex(of: "=") else { continue }
      var value = String(trimmed[trimmed.index(after: equals)...])
      for quote in ["'", "\""] where value.count >= 2 && value.hasPrefix(quote) {
        if value.hasSuffix(quote) { value = String(value.dropFirst().dropLast()) }
      }
      values[String(trimmed[..<equals])] = value.replacing("'\\''", with: "'")
    }
    return values
  }
}

/// Why a command did not do what it was asked, and with which exit status it ends.
struct ControlFailure: Error, CustomStringConvertible {
  enum Status: Int32 {
    case refused = 1
    case unavailable = 2
    case outcomeUnknown = 4
  }

  let status: Status
  let description: String
  /// The code of the node's answer, where it was a node that refused.
  let code: String?

  init(_ status: Status, _ description: String, code: String? = nil) {
    self.status = status
    self.description = description
    self.code = code
  }
}
