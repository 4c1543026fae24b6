import Allocator
import HTTPTypes
import Hummingbird
import LeaseCore
import Logging
import Records
import SerialAuth
import SerialFormat

/// What a request created, or an earlier one with its idempotency key.
struct Created<Record: Sendable>: Sendable {
  /// In the order asked, never empty.
  let records: [Record]
  let isReplay: Bool
}

extension Routes {
  /// Creates records of a counter: numbers and rows in one commit of the allocator, then read back.
  func create<Row: Encodable, Record: Sendable>(
    _ kind: CounterKind, _ rows: [Row], _ call: Call,
    _ read:
      @escaping @Sendable (any RecordReading, [Serial]) async throws(CoordinatorError) -> [Record]
  ) async throws -> Created<Record> {
    let caller = try call.caller
    let texts = try rows.map { row in
      String(decoding: try ResponseJSON.encode(row), as: UTF8.self)
    }
    let request = AllocationRequest(
      kind: kind, count: rows.count, subject: caller.subject, id: call.context.requestID,
      mayUseReserve: caller.has(.administerCluster),
      key: try RequestedKey.read(call, digest: try RequestedKey.digest(texts)), records: texts)
    let allocation = try await issue(request, while: call.context.presence)
    let serials = try allocation.serials()
    let found = try await readBack(kind.serialKind, serials, as: call) {
      records throws(CoordinatorError) in try await read(records, serials)
    }
    return Created(records: found, isReplay: allocation.isReplay)
  }

  /// Reads what was created. Whatever goes wrong, the answer says that it is there.
  func readBack<Record: Sendable>(
    _ kind: SerialKind, _ serials: [Serial], as call: Call,
    _ work: @escaping @Sendable (any RecordReading) async throws(CoordinatorError) -> [Record]
  ) async throws(Problem) -> [Record] {
    let unread = Problem.createdUnread(kind, serials.map(\.description))
    let found: [Record]
    do throws(Problem) {
      found = try await records(work)
    } catch {
      call.context.logger.warning(
        "what was created was not read back", metadata: ["count": "\(serials.count)"])
      throw unread
    }
    guard found.count == serials.count else {
      call.context.logger.error(
        "what was created is not there",
        metadata: ["created": "\(serials.count)", "found": "\(found.count)"])
      throw unread
    }
    return found
  }

  /// An answer about something new.
  func created(
    _ value: some Encodable, at location: String? = nil, isReplay: Bool
  ) throws -> Response {
    var response = try ResponseJSON.response(value, status: .created)
    response.headers[.location] = location
    if isReplay, let name = RequestedKey.replayName { response.headers[name] = "true" }
    return response
  }
}

extension Allocation {
  /// The serials of all its numbers, in ascending order.
  ///
  /// Throws a `SerialError` for a year that no serial can have.
  func serials() throws(SerialError) -> [Serial] {
    var serials: [Serial] = []
    serials.reserveCapacity(blocks.reduce(0) { $0 + $1.count })
    for block in blocks {
      for number in block.numbers {
        serials.append(try Serial(counter: counter.kind, year: counter.year, number: number))
      }
    }
    return serials
  }
}
