import Foundation
import SerialFormat
import Testing

@testable import SerialClient

/// Lists that are fetched page by page.
@Suite(.timeLimit(.minutes(1)))
struct ListTests {
  private func read<Element: Sendable>(
    _ steps: [ScriptedServer.Step], _ list: (SerialClient) -> Pages<Element>
  ) async throws -> ([Element], [String]) {
    try await ScriptedServer.run(steps) { server, url in
      var elements: [Element] = []
      try await TestWorld().client([url]) { client in
        for try await element in list(client) { elements.append(element) }
      }
      return (elements, server.requests.map(\.uri))
    }
  }

  @Test func childrenArePaged() async throws {
    let execution = try ExecutionSerial(parsing: "J202600001.0003")
    let first = #"{"serial":"x","kind":"execution","children":[\#(Samples.branch)],"next":15}"#
    // A page may be empty and not the last; a page that was lost is asked for again.
    let second = #"{"children":[],"next":"16"}"#
    let last = #"{"children":[\#(Samples.branch)],"next":null}"#
    let (branches, uris) = try await read([
      .answer(200, first), .answer(200, second), .cut, .answer(200, last),
    ]) { $0.children(of: execution, pageSize: 1) }
    #expect(branches.count == 2)
    let path = "/api/executions/J202600001.0003/children?limit=1"
    #expect(
      uris == [path, path + "&after=15", path + "&after=16", path + "&after=16"])
  }

  @Test func aCursorThatStandsStillEndsTheList() async throws {
    let page = #"{"results":[],"next":"7a"}"#
    let (hits, uris) = try await read(Array(repeating: .answer(200, page), count: 5)) { client in
      client.search("web 1&2", kind: .target)
    }
    #expect(hits.isEmpty && uris.count == 2)
    #expect(uris.first == "/api/search?q=web%201%262&type=target&limit=100")
  }

  @Test func searchesFindRecordsOfAllKinds() async throws {
    let page = """
      {"query":"web","type":"all","results":[{"type":"branch","serial":"J202600001.0003.0015",
       "job_name":"System Update","target_name":"web-1","target_serial_ref":"T202600045",
       "status":"failed","created_at":"2026-11-25T12:00:00Z"},
       {"type":"target","serial":"T202600045","job_name":null,"target_name":"web-1",
       "status":"active","created_at":"2026-11-25T12:00:00Z"}],"next":null}
      """
    let (hits, _) = try await read([.answer(200, page)]) { $0.search("web") }
    #expect(hits.map(\.kind) == [.branch, .target])
    #expect(hits.first?.targetSerial?.number == 45)
  }

  @Test func filtersAreSent() async throws {
    let (jobs, uris) = try await read([
      .answer(200, #"{"jobs":[\#(Samples.job)],"next":null}"#)
    ]) { $0.jobs(JobFilter(status: .running, jobType: .script, name: "a b"), pageSize: 10) }
    #expect(jobs.count == 1)
    #expect(uris == ["/api/jobs?status=running&job_type=script&name=a%20b&limit=10"])
    let (targets, others) = try await read([
      .answer(200, #"{"targets":[\#(Samples.target)],"next":null}"#)
    ]) { $0.targets(TargetFilter(region: "eu", isActive: true)) }
    #expect(targets.count == 1)
    #expect(others == ["/api/targets?region=eu&is_active=true&limit=100"])
  }

  @Test func aPageThatIsRefusedEndsTheListWithItsError() async throws {
    let job = try JobSerial(parsing: "J202600001")
    try await ScriptedServer.run([.problem(404, "not-found")]) { _, url in
      try await TestWorld().client([url]) { client in
        let error = try await failure { () async throws(SerialClientError) in
          var iterator = client.children(of: job).makeAsyncIterator()
          return try await iterator.next()
        }
        #expect(error.code == .notFound)
      }
    }
  }
}
