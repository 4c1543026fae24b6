public import Foundation
public import SerialFormat

/// A record that a search found.
public struct SearchHit: Sendable, Equatable, Decodable {
  public let kind: SerialKind
  public let serial: Serial
  /// Of the job, execution or branch; nil for a target.
  public let jobName: String?
  /// Of the target or branch; nil for a job or execution.
  public let targetName: String?
  public let targetSerial: TargetSerial?
  public let status: String?
  public let createdAt: Date?

  private enum CodingKeys: String, CodingKey {
    case kind = "type"
    case serial
    case jobName = "job_name"
    case targetName = "target_name"
    case targetSerial = "target_serial_ref"
    case status
    case createdAt = "created_at"
  }
}
