import Dispatch
import Foundation

/// A file of public keys on disk, read off the cooperative threads.
struct KeyFile: Sendable {
  let path: String

  /// What tells one version of the file from another.
  struct Version: Sendable, Equatable {
    let modified: Date?
    let size: UInt64?
    let inode: UInt64?
  }

  /// Which version lies there; all nil when there is none.
  func version() async -> Version {
    await offload {
      let facts = try? FileManager.default.attributesOfItem(atPath: path)
      return Version(
        modified: facts?[.modificationDate] as? Date,
        size: (facts?[.size] as? NSNumber)?.uint64Value,
        inode: (facts?[.systemFileNumber] as? NSNumber)?.uint64Value)
    }
  }

  /// Reads all keys; throws a `KeyError` when the file or a key in it cannot be used.
  func read() async throws(KeyError) -> KeyTable {
    let data = await offload { FileManager.default.contents(atPath: path) }
    guard let data else {
      throw KeyError(.unreadable, "The file of keys \(path) cannot be read.")
    }
    return try await KeySet.read(data)
  }

  /// Disks can be slow, and Swift's cooperative threads are few.
  private func offload<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: work()) }
    }
  }
}
