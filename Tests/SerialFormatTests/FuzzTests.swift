import Foundation
import SerialFormat
import Testing

/// Random bytes and damaged serials against the oracle. `SERIAL_FUZZ_SEED` sets another seed.
struct FuzzTests {
  private static let seed: UInt64 =
    ProcessInfo.processInfo.environment["SERIAL_FUZZ_SEED"].flatMap(UInt64.init) ?? 20_260_001

  /// Bytes that damage a serial in a way that a lenient reader would overlook.
  private static let nasty: [UInt8] = Array(
    "JTjt.,-+ 0123456789/:\n\0\u{0661}\u{FF11}\u{0301}".utf8)

  private func randomSerial(_ random: inout SeededGenerator) -> [UInt8] {
    let pattern = Oracle.patterns[
      SerialKind.allCases.randomElement(using: &random) ?? .job, default: ""]
    return pattern.utf8.map { symbol in
      "YSEB".utf8.contains(symbol) ? UInt8.random(in: 0x30...0x39, using: &random) : symbol
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let byte =
      Bool.random(using: &random)
      ? Self.nasty.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0 where !bytes.isEmpty: bytes.remove(at: .random(in: 0..<bytes.count, using: &random))
    case 1: bytes.insert(byte, at: .random(in: 0...bytes.count, using: &random))
    case 2 where !bytes.isEmpty:
      bytes.swapAt(
        .random(in: 0..<bytes.count, using: &random), .random(in: 0..<bytes.count, using: &random))
    case 3 where bytes.count > 4:
      let start = Int.random(in: 0...bytes.count - 4, using: &random)
      bytes.replaceSubrange(start..<start + 4, with: repeatElement(0x30, count: 4))
    default:
      guard !bytes.isEmpty else { return }
      bytes[.random(in: 0..<bytes.count, using: &random)] = byte
    }
  }

  private func input(_ random: inout SeededGenerator) -> [UInt8] {
    var bytes = randomSerial(&random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      let length = Int.random(in: 0...40, using: &random)
      return (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    case 1: return bytes
    default:
      for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&bytes, &random) }
      return bytes
    }
  }

  @Test(arguments: 0..<4)
  func theOracleAgrees(lane: UInt64) {
    let seed = Self.seed &+ lane
    var random = SeededGenerator(seed: seed)
    var mismatches: [String] = []
    var valid = 0
    for _ in 0..<60_000 {
      let bytes = input(&random)
      for kind in [nil, SerialKind.allCases.randomElement(using: &random)!] {
        let expected = Oracle.verdict(on: bytes, as: kind)
        let actual = Library.verdict(on: bytes, as: kind)
        if expected != actual { mismatches.append("\(bytes): \(expected), found \(actual)") }
        if expected.hasPrefix("valid") { valid += 1 }
      }
      if let text = String(validating: bytes, as: UTF8.self) {
        let isValid = Oracle.verdict(on: bytes, as: nil).hasPrefix("valid")
        if (Serial(text) != nil) != isValid { mismatches.append("\(bytes) as String") }
      }
    }
    expectNone(mismatches, "SERIAL_FUZZ_SEED=\(Self.seed), lane seed \(seed)")
    #expect(valid > 5_000, "the generator makes too few valid serials, seed \(seed)")
  }

  @Test func descriptionsStaySafe() {
    var random = SeededGenerator(seed: Self.seed)
    for _ in 0..<20_000 {
      guard let error = Library.error(on: input(&random)) else { continue }
      let description = error.description
      let safe = description.utf8.allSatisfy { 0x20...0x7E ~= $0 && !"<>&'".utf8.contains($0) }
      if !safe || description.utf8.count > 256 {
        Issue.record("\(description), SERIAL_FUZZ_SEED=\(Self.seed)")
      }
    }
  }
}

extension Library {
  static func error(on bytes: [UInt8]) -> SerialError? {
    do throws(SerialError) {
      _ = try Serial(utf8: bytes)
      return nil
    } catch {
      return error
    }
  }
}
