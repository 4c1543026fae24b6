import Allocator
import LeaseCore
import MemoryCoordinator
import SerialFormat

/// What must hold.
extension Simulation {
  /// Rule 1, at any moment.
  mutating func checkBalance() async {
    guard await ledger.placedCount(of: Self.counter) != Capacity.counter,
      let wrong = await ledger.partition(Self.counter).first
    else { return }
    violate(.unbalanced, wrong.text)
  }

  /// After the phase without faults.
  mutating func checkEnd() async {
    guard violation == nil else { return }
    await checkLedger()
    let issued = await ledger.recipients(of: Self.counter, from: firstLeft)
    await checkKeys()
    await checkRecords(issued)
    for number in handedOut.sorted() {
      guard let recipient = issued[number] else {
        violate(.notIssued, "\(number) was handed out")
        continue
      }
      if recipient.subject != Self.subject, !mayLackALine.contains(number) {
        violate(.unlogged, "\(number) was handed out, and nothing says to whom")
      }
    }
    let lost = options.left - handedOut.count
    if lost > atStake { violate(.lost, "\(lost) numbers, with \(atStake) at stake") }
  }

  private mutating func checkLedger() async {
    do throws(CoordinatorError) {
      if let wrong = try await ledger.verify().first {
        violate(.unbalanced, wrong.text)
      }
      guard let entry = try await ledger.ledger().first(where: { $0.counter == Self.counter })
      else { return violate(.leftBehind, "there is no counter") }
      if entry.issued != Capacity.counter || entry.free + entry.leased != 0 {
        violate(
          .leftBehind, "\(entry.issued) issued, \(entry.free) free, \(entry.leased) leased")
      }
    } catch {
      violate(.refused, "\(error)")
    }
  }

  /// Whoever lost the answer to a request with a key asks again: what the key holds is received
  /// then.
  private mutating func checkKeys() async {
    let owners = Set(keyed.values).sorted {
      ($0.key.route, $0.key.key) < ($1.key.route, $1.key.key)
    }
    for owner in owners {
      let answer: KeyAnswer?
      do throws(CoordinatorError) {
        answer = try await processes[0].session.resolve([owner]).first
      } catch {
        return violate(.refused, "\(error)")
      }
      let name = "\(owner.key.route) \(owner.key.key)"
      switch answer {
      case .used(_, let blocks):
        guard let before = received[owner] else {
          handedOut.formUnion(blocks.flatMap(\.numbers))
          continue
        }
        if before != blocks { violate(.key, "\(name): \(before), then \(blocks)") }
      case .unused: if received[owner] != nil { violate(.key, "\(name) is forgotten") }
      case .reused, nil: violate(.key, "\(name) has another request")
      }
    }
  }

  /// Every record is of an issued number, every acknowledged one is there, and nobody was given a
  /// number anew that a row carried.
  private mutating func checkRecords(_ issued: [Int: MemoryLedger.Recipient]) async {
    let rows = await ledger.records(of: Self.counter)
    for (number, name) in acknowledged.sorted(by: { $0.key < $1.key })
    where rows[number] != Self.row(name) {
      violate(.record, "\(number) was acknowledged as \(name): \(rows[number] ?? "no record")")
    }
    for number in inserted.keys.sorted() where issued[number]?.request != inserted[number] {
      violate(.record, "\(number) was handed out beside its row")
    }
    for number in rows.keys.sorted() where issued[number] == nil {
      violate(.record, "\(number) has a record and is not issued")
    }
    handedOut.formUnion(rows.keys)
  }
}

extension Disagreement {
  fileprivate var text: String {
    "\(check) \(block.map(\.description) ?? ""): \(detail)"
  }
}
