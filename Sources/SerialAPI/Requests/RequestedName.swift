/// What a path or a list may name a record by, beside its serial.
enum RequestedName {
  /// The ids of the database: those of a PostgreSQL `integer`.
  static let ids = 1...2_147_483_647

  /// The id that a text is; nil for anything else.
  static func id(_ text: String) -> Int? {
    Digits.read(text).flatMap { ids.contains($0) ? $0 : nil }
  }

  /// Whether a text can be an old identifier, so that it is worth being looked up.
  static func isPossibleAlias(_ text: String) -> Bool {
    PlainText.isPlain(text, bytes: 1...100)
  }
}
