import Foundation
import SerialFormat

/// A serial that came in a path.
enum RequestedSerial {
  /// Reads one segment of a path, percent-encoded or not.
  static func read(_ segment: String) throws(Problem) -> Serial {
    let text = try text(segment, as: nil)
    do throws(SerialError) {
      return try Serial(parsing: text)
    } catch {
      throw malformed(text, kind(byShapeOf: text))
    }
  }

  /// The text that a segment of a path stands for.
  static func text(_ segment: String, as kind: SerialKind?) throws(Problem) -> String {
    // Cut after what cannot be read any more, and before anything is made of it.
    guard let text = segment.removingPercentEncoding else { throw malformed(segment, kind) }
    return text
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
  static func malformed(_ text: String, _ kind: SerialKind?) -> Problem {
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

/// A serial of one of the four kinds, as the routes of the registry take it.
protocol RecordSerial: SerialProtocol {
  static var kind: SerialKind { get }
  /// Nil for a serial of another kind.
  init?(of serial: Serial)
}

extension JobSerial: RecordSerial {
  static var kind: SerialKind { .job }
  init?(of serial: Serial) {
    guard case .job(let serial) = serial else { return nil }
    self = serial
  }
}

extension TargetSerial: RecordSerial {
  static var kind: SerialKind { .target }
  init?(of serial: Serial) {
    guard case .target(let serial) = serial else { return nil }
    self = serial
  }
}

extension ExecutionSerial: RecordSerial {
  static var kind: SerialKind { .execution }
  init?(of serial: Serial) {
    guard case .execution(let serial) = serial else { return nil }
    self = serial
  }
}

extension BranchSerial: RecordSerial {
  static var kind: SerialKind { .branch }
  init?(of serial: Serial) {
    guard case .branch(let serial) = serial else { return nil }
    self = serial
  }
}
