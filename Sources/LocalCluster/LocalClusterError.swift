import Glibc

/// What went wrong on this machine, and what to do about it.
///
/// `message` says what happened, `advice` what the reader can do; both are whole sentences.
/// Decide by `code`, never by text.
public struct LocalClusterError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The closed set of reasons.
  public enum Code: String, Sendable, Equatable, CaseIterable {
    /// Another process listens on a port that is needed.
    case portTaken = "port-taken"
    /// The file system has no space, or the account's quota is used up.
    case diskFull = "disk-full"
    /// A program that is needed is not installed or not built.
    case missingProgram = "missing-program"
    /// A file or folder cannot be read, written or entered.
    case unreachableFolder = "unreachable-folder"
    /// Another command works on the same cluster at this moment.
    case locked = "locked"
    /// A process that was started ended before it was ready.
    case endedEarly = "ended-early"
    /// A command ended with a failure.
    case commandFailed = "command-failed"
    /// Something did not happen within its time limit.
    case timedOut = "timed-out"
    /// A file on disk does not hold what it should.
    case damagedFile = "damaged-file"
    /// What runs does not fit what was asked for.
    case conflict = "conflict"
    /// Any other refusal by the operating system.
    case system = "system"
  }

  /// Why.
  public let code: Code
  /// What happened.
  public let message: String
  /// What to do about it; empty when there is nothing to say.
  public let advice: String

  /// An error with its reason, what happened and what to do.
  public init(_ code: Code, _ message: String, advice: String = "") {
    self.code = code
    self.message = message
    self.advice = advice
  }

  /// The message and the advice on lines of their own.
  public var description: String {
    advice.isEmpty ? message : "\(message)\n\(advice)"
  }

  /// What a failed system call says, in words. Full disks and closed folders get codes of their own,
  /// since a person can do something about them.
  static func system(_ call: String, _ path: String, _ number: Int32 = errno) -> LocalClusterError {
    let reason = String(cString: strerror(number))
    switch number {
    case ENOSPC, EDQUOT:
      return LocalClusterError(
        .diskFull, "There is no space left to write \(path) (\(reason)).",
        advice: "Free some space (`df -h` shows where), then run the command again.")
    case EACCES, EPERM, EROFS:
      return LocalClusterError(
        .unreachableFolder, "\(path) cannot be used by user id \(geteuid()): \(call): \(reason).",
        advice: "Run as the user who owns it, or change its owner or mode.")
    default:
      return LocalClusterError(.system, "\(call) \(path): \(reason).")
    }
  }
}
