import ChaosVerdict

/// One chart on the common axis. It is as wide as the page, so that its coordinates are stretched;
/// text stands beside it and is not.
struct Plot {
  /// Of the chart's own coordinates.
  static let height = 100.0

  /// Pixels.
  var pixels: Int
  /// What stands at its left, and its colour's class.
  var name: String
  var detail: String
  var color: String
  /// Values that are named, with their place from the top, 0 to 1.
  var labels: [(place: Double, text: String)]
  var body: String
  var height = Plot.height

  var html: String {
    let lines = labels.map { label in
      let y = Self.coordinate(label.place * height)
      return "<path class=grid d=\"M0 \(y)H\(Int(Timescale.width))\"/>"
    }
    let texts = labels.map { label in
      // those at the edges stand within, so that the rows' labels do not meet
      let shift = Figures.fixed(label.place * -100, 0)
      return "<span class=y style=\"top:\(Figures.fixed(label.place * 100, 1))%;"
        + "transform:translateY(\(shift)%)\">\(HTML.escaped(label.text))</span>"
    }
    return """
      <div class=row><div class=name><b class="\(color)">\(HTML.escaped(name))</b>\
      <small>\(HTML.escaped(detail))</small></div>\
      <div class=plot style="height:\(pixels)px">\(texts.joined())\
      <svg viewBox="0 0 \(Int(Timescale.width)) \(Self.coordinate(height))" \
      preserveAspectRatio="none">\(lines.joined())\(body)</svg></div></div>

      """
  }

  static func coordinate(_ value: Double) -> String {
    let text = Figures.fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// A closed rectangle, to be joined with others in one path.
  static func box(_ x: Double, _ y: Double, to right: Double, _ bottom: Double) -> String {
    "M\(coordinate(x)) \(coordinate(y))H\(coordinate(right))V\(coordinate(bottom))H\(coordinate(x))z"
  }

  /// Invisible, over a whole bucket: shows a text under the pointer.
  static func hint(_ bucket: Int, _ scale: Timescale, height: Double, _ text: String) -> String {
    let x = scale.x(scale.start(of: bucket))
    let width = scale.x(scale.start(of: bucket + 1)) - x
    return "<rect class=hint x=\(coordinate(x)) y=0 width=\(coordinate(width)) "
      + "height=\(coordinate(height))><title>\(HTML.escaped(text))</title></rect>"
  }

  /// When a bucket was, in seconds.
  static func moment(_ bucket: Int, _ scale: Timescale) -> String {
    let places = scale.bucket < 1_000_000 ? 1 : 0
    let (start, end) = (scale.start(of: bucket), scale.start(of: bucket + 1))
    return Figures.fixed(Double(start) / 1_000_000, places) + " to "
      + Figures.fixed(Double(end) / 1_000_000, places) + " s"
  }

  /// The least of 1, 2, 2.5 or 5 times a power of ten that is not below the value.
  static func ceiling(_ value: Double) -> Double {
    var unit = 1.0
    while unit * 10 < value { unit *= 10 }
    while unit > value, unit > 0.001 { unit /= 10 }
    return [1, 2, 2.5, 5, 10].map { $0 * unit }.first { $0 >= value } ?? unit * 10
  }
}
