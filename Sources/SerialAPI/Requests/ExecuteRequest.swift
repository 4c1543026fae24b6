import Foundation
import NIOCore
import Records
import SerialFormat

/// The body of `POST /api/jobs/{job}/execute`.
struct ExecuteRequest: Equatable {
  /// In the order of the branches; how many there may be is for the registry to say.
  enum Targets: Equatable {
    /// Serials, or old identifiers.
    case serials([String])
    case ids([Int])
  }

  let targets: Targets
  let scheduledAt: Date?

  init(_ body: ByteBuffer) throws(Problem) {
    let (serials, ids) = ("target_serials", "target_ids")
    let fields = try BodyFields(body, known: [serials, ids, "scheduled_at"])
    switch (fields.given(serials) != nil, fields.given(ids) != nil) {
    case (true, false): targets = .serials(try fields.texts(serials))
    case (false, true): targets = .ids(try fields.ids(ids))
    case (true, true):
      throw .invalid("Expected \"\(serials)\" or \"\(ids)\", and not both.", field: ids)
    case (false, false):
      throw .invalid("Expected \"\(serials)\" or \"\(ids)\".", field: serials)
    }
    scheduledAt = try fields.instant("scheduled_at")
  }
}

/// Everything that an execution follows from, in one form, for its digest.
struct ExecutionDigest: Encodable {
  private let job: String
  private let serials: [String]?
  private let ids: [Int]?
  private let scheduledAt: Timestamp?

  init(_ job: JobName, _ targets: TargetList, _ scheduledAt: Date?) {
    self.job =
      switch job {
      case .serial(let serial): serial.description
      case .id(let id): "\(id)"
      }
    switch targets {
    case .serials(let serials): (self.serials, ids) = (serials.map(\.description), nil)
    case .ids(let ids): (serials, self.ids) = (nil, ids)
    }
    self.scheduledAt = Timestamp(scheduledAt)
  }

  var text: String { get throws { try RequestedKey.digest(self) } }
}
