import HTTPTypes
import Hummingbird
import NIOCore
import SerialAuth

/// A request that was admitted to its route, with everything that its answer follows from.
struct Call: Sendable {
  let route: Route
  let headers: HTTPFields
  let context: APIContext
  /// Nil where the route asks for no token.
  let sender: Caller?
  let query: QueryFields
  /// Empty where the method has none.
  let body: ByteBuffer

  var path: PathFields { PathFields(context: context) }

  var caller: Caller {
    get throws(Problem) {
      guard let sender else { throw .noToken }
      return sender
    }
  }

  /// Who sent it: it is written into the issue log and the history.
  var subject: String { get throws(Problem) { try caller.subject } }
}
