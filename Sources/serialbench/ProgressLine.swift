import Foundation

/// Says how far a long step is: in place on a terminal, every tenth of it elsewhere.
struct ProgressLine {
  let name: String
  let total: Int
  private let start = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var toldTenths = -1

  init(_ name: String, total: Int) {
    self.name = name
    self.total = total
  }

  mutating func report(_ done: Int) {
    let seconds = max(start.duration(to: .now) / .seconds(1), 0.001)
    let rate = Double(done) / seconds
    let left = rate > 0 ? Double(total - done) / rate : 0
    let text =
      "\(name): \(done * 100 / max(total, 1)) % (\(done) of \(total)), \(Int(rate)) a second, "
      + "\(Int(left.rounded(.up))) s left"
    if isTerminal {
      FileHandle.standardError.write(Data("\r\u{1B}[K\(text)\(done >= total ? "\n" : "")".utf8))
    } else if done * 10 / max(total, 1) > toldTenths {
      toldTenths = done * 10 / max(total, 1)
      FileHandle.standardError.write(Data((text + "\n").utf8))
    }
  }
}
