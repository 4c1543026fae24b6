import Foundation
import Registry
import Synchronization

/// Shows a person how far the migration is: a bar that moves on a terminal, plain lines elsewhere.
final class LegacyConsole: Sendable {
  private struct State {
    var progress: LegacyProgress?
    var hasBar = false
    var lastTenth = 0
    var lastWait = -Double.infinity
  }

  private let state = Mutex(State())
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let started = ContinuousClock.now

  private var seconds: Double {
    let passed = started.duration(to: .now).components
    return Double(passed.seconds) + Double(passed.attoseconds) / 1e18
  }

  func show(_ event: LegacyEvent) {
    let now = seconds
    state.withLock { state in
      switch event {
      case .began(let step, let total):
        state.progress = total.map { LegacyProgress(total: $0, startedAt: now) }
        state.lastTenth = 0
        if isTerminal { bar(step, &state) }
      case .advanced(let step, let done):
        state.progress?.advance(to: done, at: now)
        guard let progress = state.progress else { break }
        if isTerminal {
          bar(step, &state)
        } else if Int(progress.fraction * 10) > state.lastTenth {
          state.lastTenth = Int(progress.fraction * 10)
          line("\(step.rawValue): \(progress.line())", &state)
        }
      case .ended(let step, let done):
        line(done > 0 ? "\(step.rawValue): \(LegacyProgress.grouped(done))" : step.rawValue, &state)
      case .waits(let step, let why):
        guard now - state.lastWait > 5 else { break }
        state.lastWait = now
        line("\(step.rawValue): waiting: \(why)", &state)
      case .found(let finding):
        line("note: \(finding.detail)", &state)
      }
    }
  }

  /// Ends the line of the bar.
  func close() {
    state.withLock { clear(&$0) }
  }

  private func bar(_ step: LegacyStep, _ state: inout State) {
    write("\r\u{1B}[K\(step.rawValue) \(state.progress?.line() ?? "...")")
    state.hasBar = true
  }

  private func line(_ text: String, _ state: inout State) {
    clear(&state)
    write(text + "\n")
  }

  private func clear(_ state: inout State) {
    if state.hasBar { write("\r\u{1B}[K") }
    state.hasBar = false
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}

/// The report: written beside its place, and put there when it is whole.
final class LegacyReportFile: Sendable {
  private struct State {
    let handle: FileHandle
    var count = 0
  }

  private let path: String
  private let state: Mutex<State>

  init(path: String) throws {
    self.path = path
    guard FileManager.default.createFile(atPath: path + ".part", contents: nil),
      let handle = FileHandle(forWritingAtPath: path + ".part")
    else { throw ControlFailure(.refused, "\(path).part cannot be written") }
    try handle.write(contentsOf: Data(LegacyCSV.header.utf8))
    state = Mutex(State(handle: handle))
  }

  func write(_ changes: [LegacyChange]) throws {
    try state.withLock { state in
      try state.handle.write(contentsOf: Data(changes.map(LegacyCSV.line).joined().utf8))
      state.count += changes.count
    }
  }

  /// Puts it in its place; returns how many changes are in it.
  func finish() throws -> Int {
    try state.withLock { state in
      try state.handle.synchronize()
      try state.handle.close()
      guard rename(path + ".part", path) == 0 else {
        throw ControlFailure(.refused, "\(path) cannot be written")
      }
      return state.count
    }
  }
}
