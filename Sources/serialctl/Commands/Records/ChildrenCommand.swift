import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct ChildrenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "children",
    abstract: "Show what is below a job or an execution, as a tree.",
    discussion: """
      A job's newest executions and their first branches, or an execution's first branches. It is \
      bounded, and says how much more there is.

      EXAMPLES
        serialctl children J202600001
        serialctl children J202600001.0003 --branches 200
      """)

  @Argument(help: "A job's or an execution's serial.")
  var serial: String
  @Option(help: "How many executions at most, 1...100.")
  var executions = 10
  @Option(help: "How many branches of each execution at most, 1...9999.")
  var branches = 20
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...100).contains(executions) else {
      throw ValidationError("--executions is \(executions): expected 1...100")
    }
    guard (1...Capacity.branches).contains(branches) else {
      throw ValidationError("--branches is \(branches): expected 1...9999")
    }
  }

  func run() async throws {
    try await control {
      let parent: Serial
      do {
        parent = try Serial(parsing: serial)
      } catch {
        throw ControlFailure(.refused, "\(error)")
      }
      try await ClusterClient.run { client in
        switch parent {
        case .job(let job): try await show(job, client)
        case .execution(let execution): try await show(execution, client)
        case .target, .branch:
          throw ControlFailure(.refused, "a \(parent.kind.rawValue) has no children: \(parent)")
        }
      }
    }
  }

  private func show(_ serial: JobSerial, _ client: ClusterClient) async throws {
    let jobData = try await client.get("/api/jobs/\(serial)")
    let listData = try await client.get(
      path(
        "/api/jobs/\(serial)/executions", [("order", "desc"), ("limit", String(executions))]))
    let list = try decodeRecord(listData, as: JobCommand.Executions.Body.self)
    var answers: [Data] = []
    for execution in list.executions {
      answers.append(try await branchesData(of: execution.serial, client))
    }
    if output.json {
      let nodes = zip(try entries(of: listData, "executions"), answers).map(Self.node)
      print(try pretty(try Self.merged(jobData, ["executions": nodes])))
      return
    }
    let job = try decodeRecord(jobData, as: JobRecord.self)
    let items = try zip(list.executions, answers).map { execution, data in
      try Self.tree(execution, decodeRecord(data, as: Branches.self))
    }
    let tree = TreeText(
      "\(job.serial)  \(job.status.rawValue)  \(RecordText.oneLine(job.name))", items,
      rest: list.next == nil ? nil : "and older ones: serialctl job executions \(job.serial)")
    print(tree.text)
  }

  private func show(_ serial: ExecutionSerial, _ client: ClusterClient) async throws {
    let data = try await client.get(
      path("/api/executions/serial/\(serial)", [("limit", String(branches))]))
    if output.json {
      print(try pretty(data))
      return
    }
    let detail = try decodeRecord(data, as: ExecutionDetail.self)
    let page = Branches(children: detail.branches, next: detail.next)
    print(Self.tree(detail.execution, page).text)
  }

  struct Branches: Decodable {
    let children: [BranchRecord]
    let next: PageCursor?
  }

  private func branchesData(of execution: ExecutionSerial, _ client: ClusterClient)
    async throws -> Data
  {
    try await client.get(
      path("/api/executions/\(execution)/children", [("limit", String(branches))]))
  }

  static func tree(_ execution: ExecutionRecord, _ page: Branches) -> TreeText {
    let rows = page.children.map { branch in
      [
        branch.serial.description, branch.status.rawValue, branch.targetSerial?.description ?? "",
        branch.target?.name ?? "", branch.exitCode.map { "exit \($0)" } ?? "",
      ]
    }
    let more = execution.branchCount.map { $0 - page.children.count }
    let rest: String? =
      page.next == nil
      ? nil
      : "and \(more.map { String($0) } ?? "some") more: "
        + "serialctl execution show \(execution.serial)"
    return TreeText(
      "\(execution.serial)  \(execution.status.rawValue)  \(RecordText.time(execution.createdAt))",
      aligned(rows).map { TreeText($0) }, rest: rest)
  }

  private static func node(_ execution: Any, _ answer: Data) -> Any {
    var object = execution as? [String: Any] ?? [:]
    object["branches"] = (try? entries(of: answer, "children")) ?? []
    return object
  }

  private static func merged(_ data: Data, _ more: [String: Any]) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    return object.merging(more) { _, new in new }
  }
}

/// A tree of lines, drawn in ASCII.
struct TreeText {
  let line: String
  let children: [TreeText]

  /// `rest` says what of the children is not shown.
  init(_ line: String, _ children: [TreeText] = [], rest: String? = nil) {
    self.line = line
    self.children = children + (rest.map { [TreeText($0)] } ?? [])
  }

  var text: String { lines.joined(separator: "\n") }

  private var lines: [String] {
    var lines = [line]
    for (index, child) in children.enumerated() {
      let isLast = index == children.count - 1
      for (row, text) in child.lines.enumerated() {
        let lead = row == 0 ? (isLast ? "`- " : "|- ") : isLast ? "   " : "|  "
        lines.append(lead + text)
      }
    }
    return lines
  }
}
