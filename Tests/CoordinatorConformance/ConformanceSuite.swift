import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// What every coordinator must answer. Each case starts on an empty coordinator.
public enum ConformanceCase: String, CaseIterable, Sendable {
  case acquireGrantsTheLowestNumbers
  case acquireAskedAgainAnswersTheSame
  case blocksAreBoundedByAShareOfWhatIsFree
  case commitIsCompareAndSet
  case commitIsAllOrNothing
  case aCommitOfAnotherProcessIsRefused
  case readBackFencesOlderAttempts
  case expiryGivesBackOnlyWhatWasNotCommitted
  case releaseIsIdempotentAndJoinsRanges
  case anExpiredLeaseMayStillBeReleased
  case aNewBootExpiresTheLeasesOfTheOldOne
  case renewSaysWhatBecameOfEachLease
  case recallMarksTheLeasesOfOthers
  case frozenCountersGrantNothing
  case theLastNumberIsIssuedAndNoMore
  case standbyIsDemanded
  case stockGetsANewRecipientAlsoAfterExpiry
  case numbersAreFoundWithTheirRecipient
  case linesAreOnlyForWhatTheLeaseStillHolds
  case theHandedOutBoundNeverGoesDown

  public func run(on harness: any CoordinatorHarness) async throws {
    switch self {
    case .acquireGrantsTheLowestNumbers: try await acquireGrantsTheLowestNumbers(harness)
    case .acquireAskedAgainAnswersTheSame: try await acquireAskedAgainAnswersTheSame(harness)
    case .blocksAreBoundedByAShareOfWhatIsFree:
      try await blocksAreBoundedByAShareOfWhatIsFree(harness)
    case .commitIsCompareAndSet: try await commitIsCompareAndSet(harness)
    case .commitIsAllOrNothing: try await commitIsAllOrNothing(harness)
    case .aCommitOfAnotherProcessIsRefused: try await aCommitOfAnotherProcessIsRefused(harness)
    case .readBackFencesOlderAttempts: try await readBackFencesOlderAttempts(harness)
    case .expiryGivesBackOnlyWhatWasNotCommitted:
      try await expiryGivesBackOnlyWhatWasNotCommitted(harness)
    case .releaseIsIdempotentAndJoinsRanges: try await releaseIsIdempotentAndJoinsRanges(harness)
    case .anExpiredLeaseMayStillBeReleased: try await anExpiredLeaseMayStillBeReleased(harness)
    case .aNewBootExpiresTheLeasesOfTheOldOne:
      try await aNewBootExpiresTheLeasesOfTheOldOne(harness)
    case .renewSaysWhatBecameOfEachLease: try await renewSaysWhatBecameOfEachLease(harness)
    case .recallMarksTheLeasesOfOthers: try await recallMarksTheLeasesOfOthers(harness)
    case .frozenCountersGrantNothing: try await frozenCountersGrantNothing(harness)
    case .theLastNumberIsIssuedAndNoMore: try await theLastNumberIsIssuedAndNoMore(harness)
    case .standbyIsDemanded: try await standbyIsDemanded(harness)
    case .stockGetsANewRecipientAlsoAfterExpiry:
      try await stockGetsANewRecipientAlsoAfterExpiry(harness)
    case .numbersAreFoundWithTheirRecipient: try await numbersAreFoundWithTheirRecipient(harness)
    case .linesAreOnlyForWhatTheLeaseStillHolds:
      try await linesAreOnlyForWhatTheLeaseStillHolds(harness)
    case .theHandedOutBoundNeverGoesDown: try await theHandedOutBoundNeverGoesDown(harness)
    }
    try await expectBalance(harness)
  }
}

/// issued + leased + free + void = 99,999 for every counter.
func expectBalance(_ harness: any CoordinatorHarness) async throws {
  for entry in try await harness.reading.ledger() {
    #expect(entry.issued + entry.leased + entry.free + entry.void == Capacity.counter)
  }
}

/// The running year's ledger of a kind.
func ledger(_ harness: any CoordinatorHarness, of counter: Counter) async throws -> LedgerEntry {
  let all = try await harness.reading.ledger()
  return try #require(all.first { $0.counter == counter })
}

/// Whether the ledger says `issued`, `leased` and therefore the rest free.
func expectLedger(
  _ harness: any CoordinatorHarness, _ counter: Counter, issued: Int, leased: Int,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let entry = try await ledger(harness, of: counter)
  #expect(entry.issued == issued, sourceLocation: sourceLocation)
  #expect(entry.leased == leased, sourceLocation: sourceLocation)
  #expect(entry.free == Capacity.counter - issued - leased, sourceLocation: sourceLocation)
}
