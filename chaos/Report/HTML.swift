/// Text for a page. Whatever comes from a history goes through `escaped`.
enum HTML {
  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      // what a document may not hold
      case _ where scalar.value < 0x20 && scalar != "\n" && scalar != "\t": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A table; cells are escaped. Columns whose heading begins with `#` are numbers.
  ///
  /// - Parameter bad: rows that stand out.
  static func table(_ headings: [String], _ rows: [[String]], bad: Set<Int> = []) -> String {
    let isNumber = headings.map { $0.hasPrefix("#") }
    func row(_ cells: [String], _ tag: String, isBad: Bool = false) -> String {
      "<tr\(isBad ? " class=bad" : "")>"
        + zip(cells, isNumber).map { cell, right in
          "<\(tag)\(right ? " class=num" : "")>\(escaped(cell))</\(tag)>"
        }.joined() + "</tr>"
    }
    let names = headings.map { $0.hasPrefix("#") ? String($0.dropFirst()) : $0 }
    return "<div class=wide><table><thead>\(row(names, "th"))</thead><tbody>\n"
      + rows.enumerated().map { row($1, "td", isBad: bad.contains($0)) }.joined(separator: "\n")
      + "</tbody></table></div>\n"
  }

  static func section(_ title: String, _ body: String, note: String = "") -> String {
    "<section><h2>\(escaped(title))</h2>\n" + (note.isEmpty ? "" : "<p class=dim>\(note)</p>\n")
      + body + "</section>\n"
  }
}
