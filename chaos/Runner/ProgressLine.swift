import Foundation

/// Says on the error output how far a long run is: a bar in place on a terminal, a line every few
/// seconds elsewhere.
struct ProgressLine {
  let total: Int
  private let start = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var toldAt = ContinuousClock.now

  init(total: Int) { self.total = total }

  mutating func report(_ done: Int) {
    let now = ContinuousClock.now
    guard toldAt.duration(to: now) > (isTerminal ? .milliseconds(100) : .seconds(5)) else { return }
    toldAt = now
    let text = line(done, seconds: start.duration(to: now) / .seconds(1))
    let place = isTerminal ? "\r\u{1B}[K\(text)" : "\(text)\n"
    FileHandle.standardError.write(Data(place.utf8))
  }

  /// Clears the bar.
  func end() {
    if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
  }

  private func line(_ done: Int, seconds: Double) -> String {
    let rate = Double(done) / max(seconds, 0.001)
    let left = rate > 0 ? Int((Double(total - done) / rate).rounded(.up)) : 0
    let width = 24
    let filled = width * done / max(total, 1)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    return "[\(bar)] \(done) of \(total), \(Int(rate)) a second, \(left) s left"
  }
}
