/// Numbers as people read them.
package enum Figures {
  /// `12,345`
  package static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `12.345`: seconds of so many microseconds.
  package static func seconds(_ microseconds: Int) -> String {
    fixed(Double(microseconds) / 1_000_000, 3)
  }

  /// Milliseconds, with as many places as tell something.
  package static func milliseconds(_ value: Double) -> String {
    if value >= 1_000 { return grouped(Int(value.rounded())) }
    return fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)
  }

  /// With so many decimal places.
  package static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let unit = (0..<places).reduce(1) { unit, _ in unit * 10 }
    let scaled = Int((abs(value) * Double(unit)).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + String(scaled) }
    let rest = String(scaled % unit)
    return sign + "\(scaled / unit)." + String(repeating: "0", count: places - rest.count) + rest
  }

  /// `first 3, second 1`: the largest first, the others in one after eight.
  package static func list(_ counts: [String: Int]) -> String {
    let order = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = order.prefix(8).map { "\($0.key) \(grouped($0.value))" }
    let rest = order.dropFirst(8).reduce(0) { $0 + $1.value }
    return (shown + (rest > 0 ? ["others \(grouped(rest))"] : [])).joined(separator: ", ")
  }
}
