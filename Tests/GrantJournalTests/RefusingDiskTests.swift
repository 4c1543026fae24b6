import Allocator
import Foundation
import Glibc
import GrantJournal
import LeaseCore
import SerialFormat
import Testing

/// A disk that is full or cannot be written. As root on a small file system in memory, otherwise
/// under the limit that the system sets to the size of a file.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RefusingDiskTests {
  private static let bytes = 64 << 10

  /// Mounts a file system of 64 KiB over the directory; false where only root may.
  private func mountSmall(_ directory: String) -> Bool {
    guard geteuid() == 0 else { return false }
    mkdir(directory, 0o700)
    return run("/bin/mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", directory)
  }

  @discardableResult
  private func run(_ program: String, _ arguments: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  @Test func aFullDiskIsSaidAndLosesNothing() async throws {
    let world = try JournalWorld()
    let boot = BootID(UUID())
    let isMounted = mountSmall(world.directory)
    defer { if isMounted { run("/bin/umount", "-l", world.directory) } }
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    getrlimit(resource, &limit)
    if !isMounted {
      signal(SIGXFSZ, SIG_IGN)
      var small = rlimit(rlim_cur: rlim_t(Self.bytes), rlim_max: limit.rlim_max)
      setrlimit(resource, &small)
    }
    defer { setrlimit(resource, &limit) }

    let journal = try await world.open(boot: boot)
    var remembered: [LeaseID] = []
    var said = ""
    for first in 1...2_000 where said.isEmpty {
      let grant = try JournalWorld.grant(first, first, boot: boot)
      do throws(JournalError) {
        try await journal.granted([grant], by: JournalWorld.facts)
        remembered.append(grant.lease)
      } catch {
        said = error.detail
      }
    }
    #expect(said.contains(world.path))
    #expect(said.contains(isMounted ? "No space left on device" : "File too large"))
    #expect(try await journal.memory().holdings.map(\.lease) == remembered)
    if isMounted { run("/bin/mount", "-o", "remount,size=1m", world.directory) }
    setrlimit(resource, &limit)
    // it goes on as soon as there is room
    let grant = try JournalWorld.grant(90_000, 90_001, boot: boot)
    try await journal.granted([grant], by: JournalWorld.facts)
    await journal.close()
    let again = try await world.open(boot: boot)
    #expect(try await again.memory().holdings.map(\.lease) == remembered + [grant.lease])
    await again.close()
  }

  @Test func aDirectoryThatCannotBeWrittenIsSaid() async throws {
    let world = try JournalWorld()
    let isMounted = mountSmall(world.directory)
    defer { if isMounted { run("/bin/umount", "-l", world.directory) } }
    if isMounted {
      run("/bin/mount", "-o", "remount,ro", world.directory)
    } else {
      mkdir(world.directory, 0o500)
    }
    let said = try await failure { () throws(JournalError) in _ = try await world.open() }
    #expect(said.contains(world.directory))
    #expect(said.contains(isMounted ? "Read-only file system" : "Permission denied"))
  }

  @Test func aDirectoryThatIsNotThereIsMadeWithoutItsParents() async throws {
    let world = try JournalWorld()
    let missing = "\(world.directory)/a/b"
    let settings = FileJournal.Settings(directory: missing, boot: BootID(UUID()))
    let said = try await failure { () throws(JournalError) in
      _ = try await FileJournal.open(settings)
    }
    #expect(said.contains(missing) && said.contains("No such file or directory"))
  }
}
