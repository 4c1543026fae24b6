import Foundation
import LeaseCore
import Synchronization

/// Identifiers from a seed: what the shell of a real node takes from the system's randomness.
final class SeededNames: Sendable {
  private let random: Mutex<SeededGenerator>

  init(seed: UInt64) { random = Mutex(SeededGenerator(seed: seed)) }

  func uuid() -> UUID {
    let (high, low) = random.withLock { ($0.next(), $0.next()) }
    func byte(_ word: UInt64, _ index: Int) -> UInt8 {
      UInt8(truncatingIfNeeded: word >> (8 * UInt64(index)))
    }
    return UUID(
      uuid: (
        byte(high, 7), byte(high, 6), byte(high, 5), byte(high, 4),
        byte(high, 3), byte(high, 2), byte(high, 1), byte(high, 0),
        byte(low, 7), byte(low, 6), byte(low, 5), byte(low, 4),
        byte(low, 3), byte(low, 2), byte(low, 1), byte(low, 0)
      ))
  }

  func lease() -> AcquirePlan.Name {
    AcquirePlan.Name(id: LeaseID(uuid()), token: Token(uuid()))
  }
}
