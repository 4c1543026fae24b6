import DatabaseFixture
import Foundation
import LibPQ
import Records
import Registry
import SerialFormat
import Testing

extension ReadingTests {
  struct Analytics: ReadingSuite {
    @Test func performanceOfATarget() async throws {
      try await ReadingData.withReading { reading, database async throws in
        let month = try #require(
          try await reading.performance(of: target("T202500045"), days: 30))
        #expect(month.target.name == "Production server")
        #expect(month.days == 30)
        // Execution 2 took 4 s there, execution 3 15 s; execution 1 is 35 days old.
        #expect(
          month.totals
            == Totals(
              total: 2, successful: 1, failed: 1, cancelled: 0, unfinished: 0, averageSeconds: 9.5))
        #expect(month.totals.successRate == 50)
        #expect(
          month.recent.map(\.serial.description) == [
            "J202500001.0003.0015", "J202500001.0002.0004",
          ])
        let quarter = try #require(
          try await reading.performance(of: target("T202500045"), days: 90))
        #expect(quarter.totals.total == 3)

        let unused = try #require(
          try await reading.performance(of: target("T202500003"), days: 1))
        #expect(unused.totals.averageSeconds == nil)
        #expect(unused.totals.successRate == nil)
        #expect(unused.recent.isEmpty)

        try await ReadingData.insert(
          """
          INSERT INTO public.job_execution_branches (id, job_execution_id, target_id, branch_id,
              branch_serial, target_serial_ref, status, created_at)
            SELECT 1000 + n, 4, 3, '002', 'J202500002.0001.' || lpad((1 + n)::text, 4, '0'),
              'T202500003', CASE n % 3 WHEN 0 THEN 'running' WHEN 1 THEN 'cancelled'
                ELSE 'scheduled' END::public.execution_status, now() - n / 2 * interval '1 min'
            FROM generate_series(1, 12) n
          """, into: database)
        let used = try #require(
          try await reading.performance(of: target("T202500003"), days: 1))
        #expect(
          used.totals
            == Totals(
              total: 12, successful: 0, failed: 0, cancelled: 4, unfinished: 8, averageSeconds: nil)
        )
        #expect(
          used.recent.map(\.id) == [1001, 1003, 1002, 1005, 1004, 1007, 1006, 1009, 1008, 1011])
      }
    }

    @Test func resultsOfATarget() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let first = try #require(
          try await reading.results(of: target("T202500045"), limit: 2, offset: 0))
        #expect(first.total == 3)
        #expect(
          first.results.map(\.serial.description) == [
            "J202500001.0003.0015", "J202500001.0002.0004",
          ])
        let second = try #require(
          try await reading.results(of: target("T202500045"), limit: 2, offset: 2))
        #expect(second.results.map(\.serial.description) == ["J202500001.0001.0004"])
        let behind = try #require(
          try await reading.results(of: target("T202500045"), limit: 2, offset: 9))
        #expect(behind.total == 3)
        #expect(behind.results.isEmpty)
      }
    }

    @Test func executionsByDay() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let week = try await reading.executionAnalytics(.week, by: .day)
        #expect(
          week.totals
            == Totals(
              total: 3, successful: 1, failed: 1, cancelled: 0, unfinished: 1, averageSeconds: 30))
        #expect(week.series.count == 8)
        #expect(week.series.map(\.totals.total).reduce(0, +) == 3)
        for (one, next) in zip(week.series, week.series.dropFirst()) {
          #expect(next.start.timeIntervalSince(one.start) == 86_400)
          #expect(Int(one.start.timeIntervalSince1970) % 86_400 == 0)
        }
        let quarter = try await reading.executionAnalytics(.quarter, by: .day)
        #expect(quarter.totals.total == 4)
        #expect(quarter.series.count == 91)
      }
    }

    @Test(arguments: Period.allCases, GroupStep.allCases)
    func everyStepOfAPeriodIsThere(period: Period, step: GroupStep) async throws {
      try await ReadingData.withReading { reading, database async throws in
        let found = try await reading.executionAnalytics(period, by: step)
        let expected = try await database.sql(
          """
          SELECT count(*), sum((SELECT count(*) FROM public.job_executions e
              WHERE e.created_at >= now() - interval '\(period.hours) hours'
                AND date_trunc('\(step.rawValue)', e.created_at, 'UTC') = s))
          FROM generate_series(date_trunc('\(step.rawValue)', now() - interval '\(period.hours) hours',
            'UTC'), now(), '1 \(step.rawValue)') s
          """)
        #expect(
          "\(found.series.count)|\(found.series.map(\.totals.total).reduce(0, +))" == expected)
        #expect(found.series.map(\.totals.total).reduce(0, +) == found.totals.total)
      }
    }

    @Test func metricsOfAJob() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let month = try #require(try await reading.metrics(of: job("J202500001"), .month))
        #expect(month.job.name == "System Update")
        #expect(
          month.executions
            == Totals(
              total: 2, successful: 1, failed: 1, cancelled: 0, unfinished: 0, averageSeconds: 30))
        // 4 results of the second execution, 15 of the third; the one with a failure first.
        #expect(month.targets.map(\.name) == ["Production server", "web-1", "web-2", "gateway"])
        #expect(month.targets.map(\.totals.total).reduce(0, +) == 19)
        #expect(month.targets.map(\.totals.failed) == [1, 0, 0, 0])
        #expect(month.targets.first?.serial == target("T202500045"))
        let day = try #require(try await reading.metrics(of: job("J202500001"), .day))
        #expect(day.executions.total == 0)
        #expect(day.targets.isEmpty)
      }
    }

    @Test func comparingJobs() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let asked = ["J202600001", "J202599999", "J202500001"].map(job)
        let found = try await reading.compare(asked, .month)
        #expect(found.map(\.job.serial) == [asked[0], asked[2]])
        #expect(found[0].executions.total == 0)
        #expect(found[0].results.averageSeconds == nil)
        #expect(found[1].executions.total == 2)
        #expect(found[1].results.total == 19)
        #expect(found[1].results.failed == 1)
      }
    }
  }
}
