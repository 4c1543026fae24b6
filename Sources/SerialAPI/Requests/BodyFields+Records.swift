import Foundation
import SerialFormat

/// Fields of records. Those of columns may be left out or null, which is the same.
extension BodyFields {
  /// A word of one line, in Unicode scalars, as the database counts them.
  func line(_ name: String, characters: ClosedRange<Int>) throws(Problem) -> String? {
    guard let value = given(name) else { return nil }
    guard case .string(let text) = value, PlainText.isPlain(text, characters: characters) else {
      throw wrongLine(name, characters)
    }
    return text
  }

  /// The same where it must be there.
  func requiredLine(_ name: String, characters: ClosedRange<Int>) throws(Problem) -> String {
    guard let text = try line(name, characters: characters) else {
      throw wrongLine(name, characters)
    }
    return text
  }

  private func wrongLine(_ name: String, _ characters: ClosedRange<Int>) -> Problem {
    wrong(
      name,
      "must be a text of \(characters.lowerBound) to \(characters.upperBound) characters "
        + "without control characters")
  }

  /// A text of any lines. The database takes everything but NUL.
  func lines(_ name: String, characters limit: Int) throws(Problem) -> String? {
    guard let value = given(name) else { return nil }
    guard case .string(let text) = value, text.unicodeScalars.count <= limit else {
      throw wrong(name, "must be a text of at most \(limit) characters")
    }
    guard !text.utf8.contains(0) else { throw holdsNUL(name) }
    return text
  }

  /// An output of a result, in bytes of UTF-8.
  func output(_ name: String, bytes limit: Int) throws(Problem) -> String? {
    guard let value = value(name) else { return nil }
    guard case .string(let text) = value else { throw wrong(name, "must be a text") }
    guard text.utf8.count <= limit else {
      throw wrong(name, "has \(text.utf8.count) bytes of UTF-8: at most \(limit) are kept")
    }
    guard !text.utf8.contains(0) else { throw holdsNUL(name) }
    return text
  }

  private func holdsNUL(_ name: String) -> Problem {
    wrong(name, "holds the character NUL (\\u0000), which the database cannot keep")
  }

  /// One of the words of an enumeration.
  func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Word.Type
  ) throws(Problem) -> Word? {
    guard let value = given(name) else { return nil }
    guard case .string(let text) = value, let word = Word(rawValue: text) else {
      throw wrong(name, "must be one of \(Expected.words(type))")
    }
    return word
  }

  func instant(_ name: String) throws(Problem) -> Date? {
    guard let value = given(name) else { return nil }
    guard case .string(let text) = value, let date = Instant.read(text) else {
      throw wrong(name, "must be \(Instant.expected)")
    }
    return date
  }

  /// A list that must be there and have an entry.
  func list(_ name: String, of what: String, atMost limit: Int? = nil) throws(Problem)
    -> [JSONValue]
  {
    guard case .array(let values) = value(name), !values.isEmpty, values.count <= limit ?? .max
    else {
      let bound = limit.map { "1 to \($0) " } ?? ""
      throw wrong(name, "must be a list of \(bound)\(what)\(limit == nil ? ", at least one" : "")")
    }
    return values
  }

  /// The entries of a list that are objects of fields.
  func objects(_ name: String, atMost limit: Int, known: [String]) throws(Problem) -> [BodyFields] {
    var entries: [BodyFields] = []
    for (index, value) in try list(name, of: "objects", atMost: limit).enumerated() {
      let entry = "\(name)[\(index)]"
      guard case .object(let members) = value else { throw wrong(entry, "must be an object") }
      entries.append(try BodyFields(members, known: known, place: entry + "."))
    }
    return entries
  }

  /// The entries of a list that are texts: serials, or old identifiers.
  func texts(_ name: String, atMost limit: Int? = nil) throws(Problem) -> [String] {
    var texts: [String] = []
    for (index, value) in try list(name, of: "serials", atMost: limit).enumerated() {
      guard case .string(let text) = value else {
        throw wrong("\(name)[\(index)]", "must be a text")
      }
      texts.append(text)
    }
    return texts
  }

  /// The entries of a list that are ids of the database.
  func ids(_ name: String) throws(Problem) -> [Int] {
    let range = RequestedName.ids
    var ids: [Int] = []
    for (index, value) in try list(name, of: "ids").enumerated() {
      guard case .number(let literal) = value, let id = Self.whole(literal), range.contains(id)
      else {
        throw wrong(
          "\(name)[\(index)]",
          "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      }
      ids.append(id)
    }
    return ids
  }
}

extension Expected {
  /// The words of an enumeration, as a person reads them.
  static func words<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type) -> String {
    Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
  }
}
