package import Foundation

/// One request, whichever node answers it.
package struct ClientCall: Sendable {
  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  package enum Effect: Sendable {
    case read
    /// The same change again changes nothing more.
    case change
    /// The call gets an idempotency key.
    case create
    /// It may be sent again only when it was certainly not carried out.
    case once
  }

  package let method: Method
  /// From the root, with its query, escaped.
  package let path: String
  package let body: Data?
  package let effect: Effect

  package init(_ method: Method, _ path: String, body: Data? = nil, effect: Effect) {
    self.method = method
    self.path = path
    self.body = body
    self.effect = effect
  }

  package static func get(_ path: String, _ query: [(name: String, value: String?)] = [])
    -> ClientCall
  { ClientCall(.get, URLText.path(path, query), effect: .read) }

  var machineEffect: CallMachine.Effect {
    switch effect {
    case .read: .read
    case .change: .change
    case .create: .create
    case .once: .once
    }
  }
}

/// Parts of an address.
package enum URLText {
  /// A text as one segment of a path or one value of a query.
  package static func escaped(_ text: String) -> String {
    let plain = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }

  /// A path with a query of those values that are there.
  package static func path(_ path: String, _ query: [(name: String, value: String?)]) -> String {
    let parts = query.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }
    return parts.isEmpty ? path : path + "?" + parts.joined(separator: "&")
  }
}
