/// The report of the migration as comma separated values (RFC 4180, lines end with CR LF).
public enum LegacyCSV {
  /// The first line.
  public static let header = line(["table", "id", "column", "old", "new", "reason"])

  /// The line of a change; what is not there is an empty field.
  public static func line(_ change: LegacyChange) -> String {
    line([
      change.table, String(change.recordID), change.column, change.old ?? "", change.new ?? "",
      change.reason,
    ])
  }

  static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\r\n"
  }

  /// Quoted where it has to be. A text that a spreadsheet would take for a formula keeps its bytes: the
  /// report is for programs as well.
  static func field(_ text: String) -> String {
    let special: [UInt8] = [0x22, 0x2C, 0x0A, 0x0D]
    guard text.utf8.contains(where: special.contains) || text.first == " " || text.last == " "
    else { return text }
    var quoted = "\""
    for character in text.unicodeScalars {
      if character == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(character)
    }
    return quoted + "\""
  }
}
