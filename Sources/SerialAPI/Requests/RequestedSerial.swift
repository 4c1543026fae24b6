import Foundation
import SerialFormat

/// A serial that came in a path.
enum RequestedSerial {
  /// Reads one segment of a path, percent-encoded or not.
  static func read(_ segment: String) throws(Problem) -> Serial {
    // Cut after what cannot be read any more, and before anything is made of it.
    guard let text = segment.removingPercentEncoding else { throw malformed(segment, nil) }
    do throws(SerialError) {
      return try Serial(parsing: text)
    } catch {
      throw malformed(text, kind(byShapeOf: text))
    }
  }

  /// The kind that a malformed text was meant to be: by its dots, and without any by its prefix.
  static func kind(byShapeOf text: String) -> SerialKind? {
    switch (text.count { $0 == "." }, text.first) {
    case (1, _): .execution
    case (2, _): .branch
    case (0, "J"), (0, "j"): .job
    case (0, "T"), (0, "t"): .target
    default: nil
    }
  }

  /// `detail` is the text that clients of the platform know; why is said beside it.
  private static func malformed(_ text: String, _ kind: SerialKind?) -> Problem {
    let name = kind.map { "\($0.rawValue) serial" } ?? "serial"
    var problem = Problem(.invalidSerial, "Invalid \(name) format: \(Excerpt.of(text))")
    problem.members.kind = kind?.rawValue
    problem.members.reason = reason(text, kind)
    return problem
  }

  private static func reason(_ text: String, _ kind: SerialKind?) -> String? {
    switch kind {
    case .job: JobSerial.validate(text)?.description
    case .target: TargetSerial.validate(text)?.description
    case .execution: ExecutionSerial.validate(text)?.description
    case .branch: BranchSerial.validate(text)?.description
    case nil: Serial.validate(text)?.description
    }
  }
}
