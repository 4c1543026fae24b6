public import Foundation
public import SerialFormat

/// A record of any of the four kinds.
public enum AnyRecord: Sendable, Equatable, Codable {
  case job(JobRecord)
  case target(TargetRecord)
  case execution(ExecutionRecord)
  case branch(BranchRecord)

  /// The serial that it carries. It is not always what was asked for: an old identifier finds its
  /// record too.
  public var serial: Serial {
    switch self {
    case .job(let record): .job(record.serial)
    case .target(let record): .target(record.serial)
    case .execution(let record): .execution(record.serial)
    case .branch(let record): .branch(record.serial)
    }
  }

  private enum CodingKeys: String, CodingKey {
    case branch = "branch_serial"
    case execution = "execution_serial"
    case job = "job_serial"
    case target = "target_serial"
  }

  /// By its own serial: a child also carries those of its parents.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if container.contains(.branch) {
      self = .branch(try BranchRecord(from: decoder))
    } else if container.contains(.execution) {
      self = .execution(try ExecutionRecord(from: decoder))
    } else if container.contains(.job) {
      self = .job(try JobRecord(from: decoder))
    } else {
      self = .target(try TargetRecord(from: decoder))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .job(let record): try record.encode(to: encoder)
    case .target(let record): try record.encode(to: encoder)
    case .execution(let record): try record.encode(to: encoder)
    case .branch(let record): try record.encode(to: encoder)
    }
  }
}

/// What a bulk lookup says of one serial.
public struct LookedUp: Sendable, Equatable {
  /// As it was asked for.
  public let serial: String
  /// Nil when there is none.
  public let record: AnyRecord?
}

extension LookedUp: Decodable {
  private enum CodingKeys: String, CodingKey { case serial, found, data }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    serial = try container.decode(String.self, forKey: .serial)
    let found = try container.decode(Bool.self, forKey: .found)
    record = found ? try container.decode(AnyRecord.self, forKey: .data) : nil
  }
}

/// What the service knows of a serial, whether or not it has a record.
public struct SerialDetail: Sendable, Equatable, Decodable {
  public let serial: Serial
  public let kind: SerialKind
  public let parent: Serial?
  /// `issued`, `leased`, `free` or `void`.
  public let state: String
  public let issuedAt: Date?
  public let node: String?
  public let subject: String?
  public let requestID: String?
  public let record: AnyRecord?

  private enum CodingKeys: String, CodingKey {
    case serial, kind, parent, state, node, subject, record
    case issuedAt = "issued_at"
    case requestID = "request_id"
  }
}
