import Allocator
import CoordinatorConformance
import Foundation
import LeaseCore
import MemoryCoordinator
import Testing

struct NamedRow: Decodable {
  let name: String
}

struct MemoryHarness: CoordinatorHarness {
  let ledger: MemoryLedger

  init() async {
    ledger = MemoryLedger(now: Date(timeIntervalSince1970: 1_790_000_000))
    for (node, region) in [("eu-1", "eu"), ("eu-2", "eu"), ("us-1", "us")] {
      await ledger.enroll(node: node, region: region)
    }
    await ledger.setStandby(false)
  }

  func session(node: String, identity: SessionIdentity) async throws -> any LeaseCoordinating {
    MemorySession(ledger: ledger, node: node, identity: identity)
  }

  var reading: any ClusterReading { ledger }

  func expireLeases(of node: String) async throws { await ledger.expireLeases(of: node) }

  var operating: any ClusterOperating { ledger }

  func ageKeys(bySeconds seconds: Int) async throws {
    await ledger.ageKeys(bySeconds: TimeInterval(seconds))
  }

  func recordNames(of counter: LeaseCore.Counter) async throws -> [Int: String] {
    try await ledger.records(of: counter).mapValues { row in
      try JSONDecoder().decode(NamedRow.self, from: Data(row.utf8)).name
    }
  }

  func insertRecord(_ name: String, number: Int, of counter: LeaseCore.Counter) async throws {
    await ledger.insertRecord("{\"name\": \"\(name)\"}", number: number, of: counter)
  }

  func setRegistryReady(_ isReady: Bool) async throws { await ledger.setRegistryReady(isReady) }
}

struct MemoryConformanceTests {
  @Test(arguments: ConformanceCase.allCases)
  func theLedgerInMemoryConforms(_ conformance: ConformanceCase) async throws {
    try await conformance.run(on: await MemoryHarness())
  }
}
