import ChaosCluster
import ChaosLoad
import FoundationEssentials
import Glibc
import LocalCluster

extension Scenario {
  /// The coordinator's data lies in a file system of its own, which is filled up.
  static let diskFull = Scenario(
    "disk-full",
    "The coordinator's disk is full, twice: nothing is issued meanwhile, nothing is lost, and all go on when there is room.",
    options: {
      var options = ClusterOptions()
      options.place = SmallDisk.place
      return options
    }(), obstacle: { SmallDisk.obstacle }
  ) { stage in
    let server = stage.cluster.postgres.server
    try await stage.load.run(stage.clients) {
      for _ in 0..<2 {
        try await stage.letPass(200)
        try await stage.fault("disk-full", on: "coordinator", "no byte is left for its data") {
          let filler = try SmallDisk.fill()
          defer { unlink(filler) }
          try await stage.expect("commits fail for want of room", within: 60) {
            let before = stage.load.count()
            try await Task.sleep(for: .seconds(2))
            return stage.load.count() == before
          }
        }
        // it may have ended itself: a log that cannot be written is a panic
        try await stage.expect("the coordinator is there again", within: 60) {
          _ = try await server.start()
          return true
        }
        try await stage.expectAllToServe(within: 60)
      }
    }
  }
}

/// A file system of 240 MiB in memory, in a mount namespace of our own, with which it ends.
enum SmallDisk {
  static let place = "/tmp/seriald-chaos-disk-\(getpid())"
  private static let bytes = 240 << 20

  static var obstacle: String? {
    guard getenv("SERIALD_CHAOS_NAMESPACE") != nil, geteuid() == 0 else {
      return "it mounts a small file system, which needs root and a mount namespace of our own "
        + "(`make chaos` as root makes one)"
    }
    return nil
  }

  /// Mounts it; the folder is made.
  static func mount() async throws {
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let result = try await Command.run(
      "/bin/mount", ["-t", "tmpfs", "-o", "size=\(bytes),mode=0755", "tmpfs", place])
    guard result.succeeded else {
      throw LocalClusterError(.commandFailed, "mount: \(result.errors)")
    }
  }

  static func unmount() async throws {
    let result = try await Command.run("/bin/umount", ["--lazy", place])
    guard result.succeeded else {
      throw LocalClusterError(.commandFailed, "umount: \(result.errors)")
    }
    rmdir(place)
  }

  /// Writes until nothing more goes in; the file to remove.
  static func fill() throws -> String {
    let path = "\(place)/filler"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw LocalClusterError(.system, "\(path): \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    for size in [1 << 20, 4_096, 1] {
      let block = [UInt8](repeating: 0, count: size)
      while write(file, block, size) > 0 {}
    }
    return path
  }
}
