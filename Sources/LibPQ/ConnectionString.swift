internal import CLibPQ

/// The syntax of connection strings, which is libpq's own: both its forms, its quoting, its
/// percent-encoding. No environment variable and no service file is looked at here.
enum ConnectionString {
  /// Key and value of everything the text says.
  static func parse(_ text: String) throws(LibPQError) -> [String: String] {
    guard !text.isEmpty else {
      throw LibPQError(
        .invalidConnectionString,
        "the connection string is empty; expected postgresql://USER@HOST/DATABASE?sslmode=...")
    }
    guard !text.utf8.contains(0) else {
      throw LibPQError(.invalidConnectionString, "the connection string holds a NUL byte")
    }
    var complaint: UnsafeMutablePointer<CChar>?
    guard let parsed = PQconninfoParse(text, &complaint) else {
      defer { PQfreemem(complaint) }
      let words = complaint.map { String(cString: $0) } ?? "out of memory"
      throw LibPQError(
        .invalidConnectionString, "the connection string cannot be read: \(withoutQuoted(words))")
    }
    defer { PQconninfoFree(parsed) }
    var values: [String: String] = [:]
    var option = parsed
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        values[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    return values
  }

  /// libpq quotes pieces of the string in its complaint, and a piece may be a password's half, and
  /// may hold quotes of its own: everything between the first and the last one goes.
  static func withoutQuoted(_ complaint: String) -> String {
    guard let first = complaint.firstIndex(of: "\""), let last = complaint.lastIndex(of: "\"")
    else { return complaint.trimmingLineEnd() }
    let rest = first < last ? complaint[complaint.index(after: last)...] : ""
    return (complaint[..<first] + "[hidden]" + rest).trimmingLineEnd()
  }
}

extension StringProtocol {
  /// Without line ends and spaces at the end, which libpq's messages have.
  func trimmingLineEnd() -> String {
    var text = Substring(self)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
