import FoundationEssentials
import Glibc
import LocalCluster

/// The clock of a process as `faketime` shows it: the system's, moved by a number of seconds that can be
/// changed while the process runs. Monotonic clocks stay as they are, as when an operator or NTP sets
/// the time.
public struct FakeClock: Sendable {
  /// Debian's package `faketime`.
  static let libraries = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
  ]

  let file: String
  let library: String
  /// What keeps libfaketime from moving timers (`chaos/ClockShim`).
  let shim: String

  /// - Parameter programs: where `libClockShim.so` was built.
  /// - Throws: `missing-program` when faketime is not installed, or the shim not built.
  init(file: String, offset: Double, programs: String) throws {
    shim = "\(programs)/libClockShim.so"
    guard access(shim, R_OK) == 0 else {
      throw LocalClusterError(
        .missingProgram, "Clocks cannot be moved: there is no \(shim).",
        advice: "Build it (`swift build --product ClockShim`).")
    }
    guard let library = Self.libraries.first(where: { access($0, R_OK) == 0 }) else {
      throw LocalClusterError(
        .missingProgram, "Clocks cannot be moved: faketime is not installed.",
        advice: "Install it (`apt-get install faketime`).")
    }
    self.file = file
    self.library = library
    try move(to: offset)
  }

  /// What a node needs to see this clock.
  var environment: [String: String] {
    serverEnvironment.merging(["LD_PRELOAD": "\(shim):\(library)"]) { $1 }
  }

  /// What PostgreSQL needs; its account need not be able to enter the folder of our programs, and it
  /// sets no timers of this kind.
  var serverEnvironment: [String: String] {
    [
      "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_NO_CACHE": "1",
      "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    ]
  }

  /// Moves the clock to so many seconds after the system's (before it, when negative), at once.
  public func move(to offset: Double) throws {
    let text = (offset < 0 ? "" : "+") + String(offset) + "\n"
    let next = file + ".next"
    try Data(text.utf8).write(to: URL(filePath: next))
    // the server's account reads it
    guard chmod(next, 0o644) == 0, rename(next, file) == 0 else {
      throw LocalClusterError(.system, "\(file): \(String(cString: strerror(errno)))")
    }
  }
}
