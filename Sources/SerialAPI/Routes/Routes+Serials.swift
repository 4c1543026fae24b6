import Allocator
import Foundation
import HTTPTypes
import Hummingbird
import LeaseCore
import Records
import SerialAuth
import SerialFormat

extension Routes {
  /// `POST /api/serials/jobs` and `/targets`.
  func allocate(_ kind: CounterKind, _ call: Call) async throws -> Response {
    let caller = try call.caller
    let wish = try AllocateRequest(call.body)
    let isAdministrator = caller.has(.administerCluster)
    if wish.year != nil, !isAdministrator { throw Problem.yearIsForAdministrators }
    let allocation = AllocationRequest(
      kind: kind, count: wish.count, subject: caller.subject, id: call.context.requestID,
      year: wish.year, mayUseReserve: isAdministrator,
      key: try RequestedKey.read(call, digest: wish.digest))
    let issued = try await issue(allocation, while: call.context.presence)
    return try created(AllocateResponse(issued), isReplay: issued.isReplay)
  }

  /// Waits for numbers as long as the client does.
  func issue(
    _ request: AllocationRequest, while presence: ClientPresence?
  ) async throws(Problem) -> Allocation {
    let issuing = dependencies.issuing
    do throws(AllocationError) {
      guard let presence else { return try await issuing.allocate(request) }
      // Its numbers would reach nobody.
      guard !presence.isEnding else {
        throw AllocationError(.draining, detail: "This connection ends; use another one.")
      }
      return try await presence.whilePresent { () async throws(AllocationError) in
        try await issuing.allocate(request)
      }
    } catch {
      throw Problem(error)
    }
  }

  /// `POST /api/serials/validate`.
  func validate(_ call: Call) throws -> Response {
    try ResponseJSON.response(ValidateResponse(try ValidateRequest(call.body)))
  }

  /// `GET /api/serials/{serial}`.
  func show(_ call: Call) async throws -> Response {
    let text = try call.path.name("serial", as: nil)
    let serial: Serial
    if let read = Serial(text) {
      serial = read
    } else if let other = try await aliases(of: [text])[text] {
      serial = other
    } else {
      throw RequestedSerial.malformed(text, RequestedSerial.kind(byShapeOf: text))
    }
    let record = try await record(serial)
    switch serial {
    case .job, .target:
      let counter = Counter(kind: serial.counterKind, year: serial.year)
      let entry = try await read { cluster throws(CoordinatorError) in
        try await cluster.number(serial.number, of: counter)
      }
      return try ResponseJSON.response(SerialResponse(serial, entry, record?.response))
    case .execution, .branch:
      guard let record else { throw Problem.notFound(serial.kind, text) }
      return try ResponseJSON.response(
        SerialResponse(serial, issuedAt: record.createdAt, record.response))
    }
  }

  /// The record that carries a serial, and since when.
  private func record(
    _ serial: Serial
  ) async throws(Problem) -> (response: RecordResponse, createdAt: Date)? {
    try await records {
      records throws(CoordinatorError) -> (response: RecordResponse, createdAt: Date)? in
      switch serial {
      case .job(let serial):
        try await records.job(.serial(serial)).map { (.job(.init($0)), $0.createdAt) }
      case .target(let serial):
        try await records.target(.serial(serial)).map { (.target(.init($0)), $0.createdAt) }
      case .execution(let serial):
        try await records.execution(serial).map { (.execution(.init($0)), $0.createdAt) }
      case .branch(let serial):
        try await records.branch(serial).map { (.branch(.init($0.branch)), $0.branch.createdAt) }
      }
    }
  }
}
