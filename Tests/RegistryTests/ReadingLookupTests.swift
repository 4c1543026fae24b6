import Allocator
import DatabaseFixture
import LibPQ
import Records
import Registry
import SerialFormat
import Testing

extension ReadingTests {
  struct Lookup: ReadingSuite {
    @Test func supportFindsTheFailedResult() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let detail = try #require(try await reading.branch(branch("J202500001.0003.0015")))
        let found = detail.branch
        #expect(found.status == .failed)
        #expect(found.exitCode == 7)
        #expect(found.error.text == "disk full")
        #expect(found.error.bytes == 9)
        #expect(found.output == BranchRecord.Output(text: nil, bytes: 0, isCut: false))
        #expect(
          found.target
            == TargetReference(id: 45, serial: target("T202500045"), name: "Production server"))
        let parent = try #require(try await reading.execution(found.serial.execution))
        #expect(parent.id == found.executionID)
        #expect(parent.branchCount == 15)
        #expect(
          parent.job == JobReference(id: 1, serial: job("J202500001"), name: "System Update"))
        #expect(detail.job == parent.job)
      }
    }

    @Test func jobsAndTargetsAreFoundBySerialAndByID() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let byID = try #require(try await reading.job(.id(2)))
        #expect(byID.name == "Nightly 100% backup")
        #expect(try await reading.job(.serial(byID.serial)) == byID)
        let host = try #require(try await reading.target(.id(45)))
        #expect(host.serial == target("T202500045"))
        #expect(try await reading.target(.serial(host.serial)) == host)
      }
    }

    @Test func whatIsNotThereIsNil() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        #expect(try await reading.job(.id(99)) == nil)
        #expect(try await reading.job(.serial(job("J202599999"))) == nil)
        #expect(try await reading.target(.serial(target("T202599999"))) == nil)
        #expect(try await reading.execution(execution("J202500001.0004")) == nil)
        #expect(try await reading.branch(branch("J202500001.0003.0016")) == nil)
        #expect(try await reading.performance(of: target("T202599999"), days: 30) == nil)
        #expect(try await reading.results(of: target("T202599999"), limit: 10, offset: 0) == nil)
        #expect(try await reading.metrics(of: job("J202599999"), .month) == nil)
        #expect(try await reading.compare([job("J202599999")], .month).isEmpty)
        #expect(try await reading.alias("JOB-2025-000009") == nil)
        #expect(try await reading.alias("JOB\u{0}") == nil)
      }
    }

    @Test func oldIdentifiersLeadToSerials() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        #expect(try await reading.alias("JOB-2025-000001") == .job(job("J202500001")))
        #expect(try await reading.alias("TGT-2025-000045") == .target(target("T202500045")))
        #expect(try await reading.alias("job-2025-000001") == nil)
        #expect(
          try await reading.aliases(["TGT-2025-000045", "unknown", "JOB-2025-000001", "x\u{0}"])
            == [
              "TGT-2025-000045": .target(target("T202500045")),
              "JOB-2025-000001": .job(job("J202500001")),
            ])
      }
    }

    @Test func manyAreFoundInTheOrderAsked() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let asked = [
          "J202500001.0003", "J202500009.0001", "J202500001.0001", "J202500001.0003",
        ].map(execution)
        let found = try await reading.executions(asked)
        #expect(found.map(\.serial) == [asked[0], asked[2], asked[3]])
        #expect(found.map(\.branchCount) == [15, 4, 15])
        let jobs = try await reading.jobs(["J202600001", "J202500001"].map(job))
        #expect(jobs.map(\.name) == ["System check", "System Update"])
        let targets = try await reading.targets(["T202500045", "T202500001"].map(target))
        #expect(targets.map(\.id) == [45, 1])
        let branches = try await reading.branches([])
        #expect(branches.isEmpty)
      }
    }

    @Test func listsCarryBeginningsOfOutputsAndTheResultAllOfIt() async throws {
      try await ReadingData.withReading { reading, database async throws in
        // 1,500 characters of two bytes each, and exactly 1,000 of one.
        try await ReadingData.insert(
          """
          UPDATE public.job_execution_branches
            SET result_output = repeat('ü', 1500), result_error = repeat('e', 1000) WHERE id = 101
          """, into: database)
        let serial = branch("J202500001.0001.0001")
        let whole = try #require(try await reading.branch(serial)).branch
        #expect(
          whole.output
            == BranchRecord.Output(
              text: String(repeating: "ü", count: 1500), bytes: 3000, isCut: false))
        let listed = try #require(try await reading.branches([serial]).first)
        #expect(
          listed.output
            == BranchRecord.Output(
              text: String(repeating: "ü", count: 1000), bytes: 3000, isCut: true))
        #expect(listed.error.bytes == 1000)
        #expect(!listed.error.isCut)
        let child = try await reading.branches(of: serial.execution, ChildQuery(limit: 1))
        #expect(child.elements == [listed])
      }
    }

    @Test func aRegistryThatIsNotReadyRefusesUntilItIs() async throws {
      try await ReadingData.withReading { reading, database async throws in
        try await database.sql("UPDATE serial.registry SET state = 'migrating'")
        await #expect(
          throws: CoordinatorError(
            .rejected, detail: "the registry is not migrated: run serialctl migrate-legacy")
        ) { try await reading.job(.id(1)) }
        try await database.sql("UPDATE serial.registry SET state = 'ready'")
        #expect(try await reading.job(.id(1)) != nil)
        // Ready is remembered: nothing asks again.
        try await database.sql("REVOKE ALL ON FUNCTION serial.registry_state() FROM serial_node")
        #expect(try await reading.job(.id(1)) != nil)
      }
    }
  }
}
