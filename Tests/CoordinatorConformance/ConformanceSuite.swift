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
  case aCommitThatIsTooLateIsNotSent
  case readBackFencesOlderAttempts
  case expiryGivesBackOnlyWhatWasNotCommitted
  case releaseIsIdempotentAndJoinsRanges
  case anExpiredLeaseMayStillBeReleased
  case aNewBootExpiresTheLeasesOfTheOldOne
  case renewSaysWhatBecameOfEachLease
  case recallMarksTheLeasesOfOthers
  case theLastNumberIsIssuedAndNoMore
  case standbyIsDemanded
  case stockGetsANewRecipientAlsoAfterExpiry
  case numbersAreFoundWithTheirRecipient
  case linesAreOnlyForWhatTheLeaseStillHolds
  case theHandedOutBoundNeverGoesDown
  case aKeyHasOneAnswerOnEveryNode
  case aTakenKeyRefusesOnlyItsRequest
  case aKeyHoldsForADay
  case aSweepIsBounded
  case numbersOfAKeyStayIssuedAtARelease
  case aMinuteQuotaRefusesAloneAndCountsExactly
  case aYearQuotaLastsUntilTheYearEnds
  case whatWasDeliveredCountsAndIsNeverRefused
  case aTakenKeyIsSaidBeforeAQuota
  case theReserveIsForAdministrators
  case aFrozenCounterTakesReportsAndNothingElse
  case anAdministratorMayNameAYear
  case whatIsCommittedAheadIsReportedLater
  case aReportIsTakenAfterTheLeaseEnded
  case aReportOfWhatIsKnownChangesNothing
  case freeNumbersAreStruckOutAndNeverGranted
  case issuedNumbersAreStruckOutOnceTheirLeaseIsClosed
  case gapsListWhatIsNeitherFreeNorRecorded
  case eventsArePagedWithoutLoss
  case theHistoryCountsNumbersOnce
  case aDrainIsToldToTheRunningProcess
  case aRetiredNodeEndsForGood
  case recordsAreInsertedWithTheirNumbers
  case rowsFollowTheNumbersInAscendingOrder
  case aBadRecordRefusesOnlyItsRequest
  case severalRecordsAreAllOrNothing
  case aRecordIsForEachNumber
  case aKeyWithRecordsIsReplayed
  case aRecordedNumberGetsNoNewRecipient
  case aNumberWithARecordIsNotInsertedAgain
  case anUnmigratedRegistryTakesNoRecords

  public func run(on harness: any CoordinatorHarness) async throws {
    switch self {
    case .acquireGrantsTheLowestNumbers: try await acquireGrantsTheLowestNumbers(harness)
    case .acquireAskedAgainAnswersTheSame: try await acquireAskedAgainAnswersTheSame(harness)
    case .blocksAreBoundedByAShareOfWhatIsFree:
      try await blocksAreBoundedByAShareOfWhatIsFree(harness)
    case .commitIsCompareAndSet: try await commitIsCompareAndSet(harness)
    case .commitIsAllOrNothing: try await commitIsAllOrNothing(harness)
    case .aCommitOfAnotherProcessIsRefused: try await aCommitOfAnotherProcessIsRefused(harness)
    case .aCommitThatIsTooLateIsNotSent: try await aCommitThatIsTooLateIsNotSent(harness)
    case .readBackFencesOlderAttempts: try await readBackFencesOlderAttempts(harness)
    case .expiryGivesBackOnlyWhatWasNotCommitted:
      try await expiryGivesBackOnlyWhatWasNotCommitted(harness)
    case .releaseIsIdempotentAndJoinsRanges: try await releaseIsIdempotentAndJoinsRanges(harness)
    case .anExpiredLeaseMayStillBeReleased: try await anExpiredLeaseMayStillBeReleased(harness)
    case .aNewBootExpiresTheLeasesOfTheOldOne:
      try await aNewBootExpiresTheLeasesOfTheOldOne(harness)
    case .renewSaysWhatBecameOfEachLease: try await renewSaysWhatBecameOfEachLease(harness)
    case .recallMarksTheLeasesOfOthers: try await recallMarksTheLeasesOfOthers(harness)
    case .theLastNumberIsIssuedAndNoMore: try await theLastNumberIsIssuedAndNoMore(harness)
    case .standbyIsDemanded: try await standbyIsDemanded(harness)
    case .stockGetsANewRecipientAlsoAfterExpiry:
      try await stockGetsANewRecipientAlsoAfterExpiry(harness)
    case .numbersAreFoundWithTheirRecipient: try await numbersAreFoundWithTheirRecipient(harness)
    case .linesAreOnlyForWhatTheLeaseStillHolds:
      try await linesAreOnlyForWhatTheLeaseStillHolds(harness)
    case .theHandedOutBoundNeverGoesDown: try await theHandedOutBoundNeverGoesDown(harness)
    case .aKeyHasOneAnswerOnEveryNode: try await aKeyHasOneAnswerOnEveryNode(harness)
    case .aTakenKeyRefusesOnlyItsRequest: try await aTakenKeyRefusesOnlyItsRequest(harness)
    case .aKeyHoldsForADay: try await aKeyHoldsForADay(harness)
    case .aSweepIsBounded: try await aSweepIsBounded(harness)
    case .numbersOfAKeyStayIssuedAtARelease: try await numbersOfAKeyStayIssuedAtARelease(harness)
    case .aMinuteQuotaRefusesAloneAndCountsExactly:
      try await aMinuteQuotaRefusesAloneAndCountsExactly(harness)
    case .aYearQuotaLastsUntilTheYearEnds: try await aYearQuotaLastsUntilTheYearEnds(harness)
    case .whatWasDeliveredCountsAndIsNeverRefused:
      try await whatWasDeliveredCountsAndIsNeverRefused(harness)
    case .aTakenKeyIsSaidBeforeAQuota: try await aTakenKeyIsSaidBeforeAQuota(harness)
    case .theReserveIsForAdministrators: try await theReserveIsForAdministrators(harness)
    case .aFrozenCounterTakesReportsAndNothingElse:
      try await aFrozenCounterTakesReportsAndNothingElse(harness)
    case .anAdministratorMayNameAYear: try await anAdministratorMayNameAYear(harness)
    case .whatIsCommittedAheadIsReportedLater:
      try await whatIsCommittedAheadIsReportedLater(harness)
    case .aReportIsTakenAfterTheLeaseEnded: try await aReportIsTakenAfterTheLeaseEnded(harness)
    case .aReportOfWhatIsKnownChangesNothing: try await aReportOfWhatIsKnownChangesNothing(harness)
    case .freeNumbersAreStruckOutAndNeverGranted:
      try await freeNumbersAreStruckOutAndNeverGranted(harness)
    case .issuedNumbersAreStruckOutOnceTheirLeaseIsClosed:
      try await issuedNumbersAreStruckOutOnceTheirLeaseIsClosed(harness)
    case .gapsListWhatIsNeitherFreeNorRecorded:
      try await gapsListWhatIsNeitherFreeNorRecorded(harness)
    case .eventsArePagedWithoutLoss: try await eventsArePagedWithoutLoss(harness)
    case .theHistoryCountsNumbersOnce: try await theHistoryCountsNumbersOnce(harness)
    case .aDrainIsToldToTheRunningProcess: try await aDrainIsToldToTheRunningProcess(harness)
    case .aRetiredNodeEndsForGood: try await aRetiredNodeEndsForGood(harness)
    case .recordsAreInsertedWithTheirNumbers: try await recordsAreInsertedWithTheirNumbers(harness)
    case .rowsFollowTheNumbersInAscendingOrder:
      try await rowsFollowTheNumbersInAscendingOrder(harness)
    case .aBadRecordRefusesOnlyItsRequest: try await aBadRecordRefusesOnlyItsRequest(harness)
    case .severalRecordsAreAllOrNothing: try await severalRecordsAreAllOrNothing(harness)
    case .aRecordIsForEachNumber: try await aRecordIsForEachNumber(harness)
    case .aKeyWithRecordsIsReplayed: try await aKeyWithRecordsIsReplayed(harness)
    case .aRecordedNumberGetsNoNewRecipient: try await aRecordedNumberGetsNoNewRecipient(harness)
    case .aNumberWithARecordIsNotInsertedAgain:
      try await aNumberWithARecordIsNotInsertedAgain(harness)
    case .anUnmigratedRegistryTakesNoRecords: try await anUnmigratedRegistryTakesNoRecords(harness)
    }
    try await expectBalance(harness)
    #expect(try await harness.reading.verify() == [])
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

/// The counter of a kind in the year that the coordinator says is running.
func runningCounter(
  _ harness: any CoordinatorHarness, _ kind: CounterKind
) async throws -> Counter {
  let all = try await harness.reading.ledger()
  return try #require(all.map(\.counter).filter { $0.kind == kind }.max())
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
