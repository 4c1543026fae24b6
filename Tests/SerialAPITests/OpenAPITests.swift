import HTTPTypes
import HummingbirdTesting
import SerialAuth
import Testing

@testable import SerialAPI

extension String {
  fileprivate func trimming(_ characters: Set<Character>) -> String {
    String(drop { characters.contains($0) }.reversed().drop { characters.contains($0) }.reversed())
  }
}

/// Holds the document against the table of routes and the table of errors.
@Suite struct OpenAPITests {
  struct Operation: Hashable {
    let method: String
    let path: String
  }

  /// The lines of the document with their indentation.
  let lines: [(indent: Int, text: String)]

  init() {
    lines = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
      .split(separator: "\n")
      .map { line in
        let text = line.drop { $0 == " " }
        return (line.count - text.count, String(text))
      }
  }

  /// The lines of each operation, by method and path.
  func operations() -> [Operation: [String]] {
    var result: [Operation: [String]] = [:]
    var section = ""
    var path = ""
    var operation: Operation?
    for (indent, text) in lines {
      switch indent {
      case 0: (section, operation) = (text, nil)
      case 2 where section == "paths:": (path, operation) = (String(text.dropLast()), nil)
      case 4 where section == "paths:":
        let new = Operation(method: text.dropLast().uppercased(), path: path)
        result[new] = []
        operation = new
      default: if let operation { result[operation]?.append(text) }
      }
    }
    return result
  }

  @Test func hasEveryRouteAndNoOther() {
    let routes = Set(
      Route.allCases.map { Operation(method: $0.method.rawValue, path: $0.template) })
    #expect(Set(operations().keys) == routes)
  }

  @Test func saysWhatEachRouteNeeds() throws {
    let operations = operations()
    for route in Route.allCases {
      let operation = Operation(method: route.method.rawValue, path: route.template)
      let text = try #require(operations[operation]).joined(separator: "\n")
      switch route.access {
      case .open: #expect(text.contains("security: []"), "\(route)")
      case .anyToken:
        #expect(text.contains("a valid token, of any scope") && !text.contains("security:"))
      case .scope(let scope):
        #expect(text.contains("the scope `\(scope.rawValue)`"), "\(route)")
        #expect(!text.contains("security:") && text.contains("\"403\":"), "\(route)")
      }
      #expect(text.contains("default:"), "\(route)")
    }
  }

  /// The statuses that a route can answer with by what it is.
  @Test func declaresTheStatusesOfEachRoute() throws {
    let operations = operations()
    for route in Route.allCases {
      let operation = Operation(method: route.method.rawValue, path: route.template)
      let text = try #require(operations[operation])
      let declared = Set(text.compactMap { Int($0.trimming(["\"", ":"])) })
      var needed: Set<Int> = []
      if route.access != .open { needed.insert(401) }
      if case .scope = route.access { needed.formUnion([403, 503]) }
      if text.contains("requestBody:") { needed.formUnion([400, 413, 415]) }
      if text.contains(where: { $0.contains("parameters/") }) || !route.queryNames.isEmpty {
        needed.insert(400)
      }
      if text.contains("- $ref: \"#/components/parameters/IdempotencyKey\"") {
        needed.formUnion([201, 409, 422])
      }
      #expect(declared.isSuperset(of: needed), "\(route): \(needed.subtracting(declared))")
      #expect(
        declared.contains(404) == Self.lookingUp.contains(route) || route.access == .open,
        "\(route)")
    }
  }

  /// Those that are about one record or node, which may not be there.
  private static let lookingUp: Set<Route> = [
    .showSerial, .drainNode, .retireNode, .showJob, .jobExecutions, .executeJob, .showTarget,
    .targetPerformance, .targetExecutions, .showExecution, .changeExecution, .showBranch,
    .changeBranch, .children, .jobMetrics,
  ]

  /// The same for every name that a body of the registry may have.
  @Test func describesEveryFieldOfTheRegistry() throws {
    for (schema, fields) in [
      ("JobRequest", JobRequest.fields), ("TargetRequest", TargetRequest.fields),
      ("BranchChange", BranchChangeRequest.fields),
      ("ExecutionChange", ExecutionChangeRequest.fields),
    ] {
      let start = try #require(lines.firstIndex { $0.indent == 4 && $0.text == "\(schema):" })
      let described = lines[(start + 1)...].prefix { $0.indent > 4 }
        .filter { $0.indent == 8 && $0.text.hasSuffix(":") }.map { String($0.text.dropLast()) }
      #expect(described == fields, "\(schema)")
    }
  }

  @Test func hasEveryCodeAndScope() throws {
    let start = try #require(lines.firstIndex { $0.text == "code:" })
    let codes = lines[start...].dropFirst(2).prefix { $0.text.hasPrefix("- ") }.map {
      String($0.text.dropFirst(2))
    }
    #expect(codes == ProblemCode.allCases.map(\.rawValue))
    let document = lines.map(\.text).joined(separator: "\n")
    for scope in Scope.allCases { #expect(document.contains("`\(scope.rawValue)`")) }
  }

  @Test func refersToWhatItHas() {
    let defined = lines.enumerated().compactMap { index, line -> String? in
      guard line.indent == 4, let group = lines[..<index].last(where: { $0.indent == 2 })
      else { return nil }
      return "#/components/\(group.text.dropLast())/\(line.text.dropLast())"
    }
    let references = lines.compactMap { line -> String? in
      let text = line.text.hasPrefix("- ") ? String(line.text.dropFirst(2)) : line.text
      guard text.hasPrefix("$ref: ") else { return nil }
      return text.dropFirst(7).dropLast().description
    }
    #expect(references.count > 20)
    for reference in Set(references) { #expect(defined.contains(reference), "\(reference)") }
  }

  /// Each parameter of a path and each query name that a route takes is described, and no other.
  @Test func describesEveryParameter() throws {
    let operations = operations()
    for route in Route.allCases {
      let operation = Operation(method: route.method.rawValue, path: route.template)
      let text = try #require(operations[operation])
      var taken = Set(route.template.matches(of: /{([a-z_]+)}/).map { "path \($0.output.1)" })
      taken.formUnion(route.queryNames.map { "query \($0)" })
      var described: Set<String> = []
      for (index, line) in text.enumerated() {
        if line.hasPrefix("- name: ") {
          described.insert("\(text[index + 1].dropFirst(4)) \(line.dropFirst(8))")
        } else if line.hasPrefix("- $ref: \"#/components/parameters/") {
          let key = line.split(separator: "/").last?.dropLast().description ?? ""
          let place = try #require(lines.firstIndex { $0.indent == 4 && $0.text == "\(key):" })
          described.insert(
            "\(lines[place + 2].text.dropFirst(4)) \(lines[place + 1].text.dropFirst(6))")
        }
      }
      described.remove("header Idempotency-Key")
      #expect(described == taken, "\(route)")
    }
  }

  @Test func isServed() async throws {
    let world = try await World()
    let answer = try await world.routed { try await $0.send(.get, "/openapi.yaml") }
    #expect(answer.headers[.contentType] == "application/yaml; charset=utf-8")
    #expect(answer.text.hasPrefix("openapi: 3.1.0\n"))
  }
}
